package hybrid

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// TestLinkedFaultsOnTheRelay is TestFaultsOnTheRelay without a code: the client
// waits at the relay before the phone comes, so the relay's roles are exchanged.
func TestLinkedFaultsOnTheRelay(t *testing.T) {
	for _, row := range []relayFault{
		{drop, "drop message 1", toPhone, message1, shortHandshake, mfa.CodePhoneSilent, mfa.CodeTunnelLost},
		{drop, "drop message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{drop, "drop post-handshake", toClient, postHandshake, shortPost, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{drop, "drop request", toPhone, request, shortAnswer, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{drop, "drop answer", toClient, linkedAns, shortAnswer, mfa.CodePhoneSilent, answeredOrNot},
		{drop, "drop shutdown", toPhone, shutdown, none, "", ""},

		{delay, "delay message 1", toPhone, message1, shortHandshake, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay message 2", toClient, message2, shortHandshake, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay post-handshake", toClient, postHandshake, shortPost, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay request", toPhone, request, both(shortAnswer, undecided), mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay answer", toClient, linkedAns, shortAnswer, mfa.CodePhoneSilent, answeredOrNot},
		{delay, "delay shutdown", toPhone, shutdown, none, "", ""},

		{repeat, "repeat message 1", toPhone, message1, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{repeat, "repeat message 2", toClient, message2, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat post-handshake", toClient, postHandshake, undecided, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{repeat, "repeat request", toPhone, request, none, "", mfa.CodeComputerProtocol},
		{repeat, "repeat answer", toClient, linkedAns, none, "", ""},
		{repeat, "repeat shutdown", toPhone, shutdown, none, "", ""},

		{swap, "swap message 2 and post-handshake", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{swap, "swap post-handshake and answer", toClient, postHandshake, shortPost, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{swap, "swap request and shutdown", toPhone, request, shortAnswer, mfa.CodePhoneSilent, mfa.CodeComputerHungUp},

		{flip, "flip a bit of message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{flip, "flip a bit of message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{flip, "flip a bit of post-handshake", toClient, postHandshake, none, mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{flip, "flip a bit of the request", toPhone, request, none, mfa.CodePhoneHungUp, mfa.CodeComputerProtocol},
		{flip, "flip a bit of the answer", toClient, linkedAns, none, mfa.CodePhoneProtocol, answeredOrNot},
		{flip, "flip a bit of the shutdown", toPhone, shutdown, none, "", mfa.CodeComputerProtocol},

		{shorten, "shorten message 1", toPhone, message1, none, mfa.CodeTunnelLost, mfa.CodeHandshakeFailed},
		{shorten, "shorten message 2", toClient, message2, none, mfa.CodeHandshakeFailed, mfa.CodeComputerHungUp},
		{shorten, "shorten the answer", toClient, linkedAns, none, mfa.CodePhoneProtocol, answeredOrNot},
		{shorten, "shorten the shutdown", toPhone, shutdown, none, "", mfa.CodeComputerProtocol},

		// A pushy phone sends an update, whose link nobody can check.
		{drop, "drop update", toClient, update, pushy, mfa.CodePhoneProtocol, answeredOrNot},
		{delay, "delay update", toClient, update, both(pushy, shortAnswer, undecided), mfa.CodePhoneSilent, mfa.CodeComputerHungUp},
		{delay, "delay update until the request", toClient, update, both(pushy, releasing), "", ""},
		{repeat, "repeat update", toClient, update, both(pushy, undecided), mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{flip, "flip a bit of the update", toClient, update, both(pushy, undecided), mfa.CodePhoneProtocol, mfa.CodeComputerHungUp},
		{swap, "swap update and answer", toClient, update, pushy, mfa.CodePhoneProtocol, answeredOrNot},
	} {
		row.run(t, (*lab).connectLinked, 0)
	}
}
