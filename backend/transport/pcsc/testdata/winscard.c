// A winscard.dll with one reader, on which a key lies, for tests of the binding under
// wine. It is built from the compiler's own winscard.h, so that layouts and sizes are
// checked from the other side; what it is given it compares, and refuses the rest.
#include <string.h>
#include <windows.h>
#include <winscard.h>

#define EXPORT __declspec(dllexport) LONG WINAPI

static const char reader[] = "Fake Contactless Reader 0";
static const char plugged[] = "\\\\?PnP?\\Notification";
static const BYTE atr[] = {0x3B, 0x80, 0x80, 0x01, 0x01};
static const SCARDCONTEXT session = (SCARDCONTEXT)0x1122334455667788ULL;
static const SCARDHANDLE card = (SCARDHANDLE)0xAABBCCDDEEFF0011ULL;
static HANDLE cancelled;

EXPORT SCardEstablishContext(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT out) {
  if (scope != SCARD_SCOPE_SYSTEM || a || b) return SCARD_E_INVALID_PARAMETER;
  if (!cancelled) cancelled = CreateEventA(NULL, TRUE, FALSE, NULL);
  *out = session;
  return SCARD_S_SUCCESS;
}

EXPORT SCardReleaseContext(SCARDCONTEXT c) { return c == session ? SCARD_S_SUCCESS : SCARD_E_INVALID_HANDLE; }

EXPORT SCardCancel(SCARDCONTEXT c) {
  if (c != session) return SCARD_E_INVALID_HANDLE;
  SetEvent(cancelled);
  return SCARD_S_SUCCESS;
}

EXPORT SCardListReadersA(SCARDCONTEXT c, LPCSTR groups, LPSTR out, LPDWORD size) {
  DWORD need = sizeof reader + 1;
  if (c != session || groups) return SCARD_E_INVALID_HANDLE;
  if (out && *size < need) return SCARD_E_INSUFFICIENT_BUFFER;
  *size = need;
  if (out) {
    memcpy(out, reader, sizeof reader);
    out[sizeof reader] = 0;
  }
  return SCARD_S_SUCCESS;
}

EXPORT SCardGetStatusChangeA(SCARDCONTEXT c, DWORD limit, LPSCARD_READERSTATEA states, DWORD count) {
  BOOL changed = FALSE;
  if (c != session) return SCARD_E_INVALID_HANDLE;
  for (DWORD i = 0; i < count; i++) {
    LPSCARD_READERSTATEA s = &states[i];
    if (strcmp(s->szReader, reader) == 0) {
      s->dwEventState = SCARD_STATE_PRESENT | 3 << 16;
      s->cbAtr = sizeof atr;
      memcpy(s->rgbAtr, atr, sizeof atr);
    } else if (strcmp(s->szReader, plugged) == 0) {
      s->dwEventState = 1 << 16;
    } else {
      return SCARD_E_UNKNOWN_READER;
    }
    if (s->dwCurrentState != s->dwEventState) {
      s->dwEventState |= SCARD_STATE_CHANGED;
      changed = TRUE;
    }
  }
  if (changed) return SCARD_S_SUCCESS;
  if (limit && WaitForSingleObject(cancelled, limit) == WAIT_OBJECT_0) return SCARD_E_CANCELLED;
  return SCARD_E_TIMEOUT;
}

EXPORT SCardConnectA(SCARDCONTEXT c, LPCSTR name, DWORD share, DWORD protocols, LPSCARDHANDLE out, LPDWORD protocol) {
  if (c != session || strcmp(name, reader) != 0) return SCARD_E_UNKNOWN_READER;
  if (share != SCARD_SHARE_SHARED || protocols != (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)) return SCARD_E_INVALID_PARAMETER;
  *out = card;
  *protocol = SCARD_PROTOCOL_T1;
  return SCARD_S_SUCCESS;
}

EXPORT SCardDisconnect(SCARDHANDLE h, DWORD how) {
  return h == card && how == SCARD_LEAVE_CARD ? SCARD_S_SUCCESS : SCARD_E_INVALID_PARAMETER;
}

EXPORT SCardBeginTransaction(SCARDHANDLE h) { return h == card ? SCARD_S_SUCCESS : SCARD_E_INVALID_HANDLE; }

EXPORT SCardEndTransaction(SCARDHANDLE h, DWORD how) {
  return h == card && how == SCARD_LEAVE_CARD ? SCARD_S_SUCCESS : SCARD_E_INVALID_PARAMETER;
}

EXPORT SCardTransmit(SCARDHANDLE h, LPCSCARD_IO_REQUEST send, LPCBYTE in, DWORD length, LPSCARD_IO_REQUEST receive, LPBYTE out, LPDWORD size) {
  static const char selected[] = "FIDO_2_0\x90", info[] = "\x00\xA1\x01\x81\x68" "FIDO_2_0\x90", done[] = "\x90", unknown[] = "\x6D";
  const char *answer = unknown;
  DWORD n = sizeof unknown; // each text ends in the zero that is the status word's second byte
  if (h != card || receive || length < 4 || send->dwProtocol != SCARD_PROTOCOL_T1 || send->cbPciLength != sizeof *send)
    return SCARD_E_INVALID_PARAMETER;
  switch (in[1]) {
  case 0xA4: answer = selected; n = sizeof selected; break;
  case 0x10: answer = info; n = sizeof info; break;
  case 0x12: answer = done; n = sizeof done; break;
  }
  if (*size < n) return SCARD_E_INSUFFICIENT_BUFFER;
  memcpy(out, answer, n);
  *size = n;
  return SCARD_S_SUCCESS;
}
