// Verifies ceremonies with SimpleWebAuthn's server and prints how many it does
// in a second.
//
// Standard input: { expected: { challenge, origin, rpID }, credential: { id, publicKey, counter },
//   algorithms: [-7, ...], ceremonies: { name: RegistrationResponseJSON | AuthenticationResponseJSON } },
// bytes as base64url. Standard output: { name: { perSecond, perCPUSecond } }.
import { text } from 'node:stream/consumers';
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';

const warmUp = 1000; // milliseconds
const measured = 3000;

const { expected, credential, algorithms, ceremonies } = JSON.parse(await text(process.stdin));
const stored = { ...credential, publicKey: new Uint8Array(Buffer.from(credential.publicKey, 'base64url')) };
const common = {
  expectedChallenge: expected.challenge,
  expectedOrigin: expected.origin,
  expectedRPID: expected.rpID,
  requireUserVerification: true,
};

function verifier(json) {
  // From text each time, as an answer arrives.
  if (JSON.parse(json).response.signature === undefined) {
    return () => verifyRegistrationResponse({ ...common, response: JSON.parse(json), supportedAlgorithmIDs: algorithms });
  }
  return () => verifyAuthenticationResponse({ ...common, response: JSON.parse(json), credential: stored });
}

// rate keeps `together` verifications under way: WebCrypto works on threads of
// its own, so one after the other would not be its best. The processor's time is
// the fairer measure where other programs run too.
async function rate(verify, together, duration) {
  let done = 0;
  const start = performance.now();
  const cpu = process.cpuUsage();
  const end = start + duration;
  const worker = async () => {
    while (performance.now() < end) {
      const { verified } = await verify();
      if (!verified) throw new Error('refused');
      done++;
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: done / seconds, perCPUSecond: (done * 1e6) / (user + system) };
}

const result = {};
for (const [name, ceremony] of Object.entries(ceremonies)) {
  const verify = verifier(JSON.stringify(ceremony));
  try {
    await rate(verify, 1, warmUp);
    const one = await rate(verify, 1, measured / 2);
    const four = await rate(verify, 4, measured / 2);
    result[name] = {
      perSecond: Math.max(one.perSecond, four.perSecond),
      perCPUSecond: Math.max(one.perCPUSecond, four.perCPUSecond),
    };
  } catch (error) {
    console.error(`${name}: ${error.message}`);
    process.exit(1);
  }
}
console.log(JSON.stringify(result));
