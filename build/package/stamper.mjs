// A time-stamp server (RFC 3161) for signing.sh, on a free port of 127.0.0.1, which it prints.
// Its answers are openssl's.
//   node build/package/stamper.mjs FOLDER      with stamper.pem, stamper.key and ca.pem
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const folder = process.argv[2]
const at = (name) => join(folder, name)
writeFileSync(at('stamper.cnf'), `[tsa]
default_tsa = it
[it]
serial = ${at('stamper.serial')}
signer_cert = ${at('stamper.pem')}
signer_key = ${at('stamper.key')}
signer_digest = sha256
certs = ${at('ca.pem')}
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
`)
const server = createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  writeFileSync(at('stamper.tsq'), Buffer.concat(parts))
  execFileSync('openssl', ['ts', '-reply', '-config', at('stamper.cnf'), '-queryfile', at('stamper.tsq'), '-out', at('stamper.tsr')], { stdio: 'ignore' })
  response.setHeader('Content-Type', 'application/timestamp-reply')
  response.end(execFileSync('cat', [at('stamper.tsr')]))
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
