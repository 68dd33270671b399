/* Certificates for the tests, made by the openssl command: self-signed, for localhost. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/* Makes NAME.cert.pem and NAME.key.pem in a directory; their paths, and the certificate's
 * fingerprint. */
export async function certificate(dir, name) {
    const cert = join(dir, `${name}.cert.pem`);
    const key = join(dir, `${name}.key.pem`);
    await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
        '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`,
        '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']);
    return { cert, key, fingerprint: new X509Certificate(await readFile(cert)).fingerprint256 };
}
