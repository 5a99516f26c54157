import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { InvalidInvocation } from '../../exceptions/base.js';

/** Certificates of authorities: PEM with one or several, or DER. */
export type Certificates = string | Buffer | readonly (string | Buffer)[];

/**
 * Makes the context of TLS connections that trust some authorities besides those that Node.js trusts, NODE_EXTRA_CA_CERTS and
 * the options of `node` included. The option `ca` of Node.js would replace them.
 */
export function createTrust(ca: Certificates): SecureContext {
  const added = [ca].flat().map((certificate) => toPem(certificate as string | Buffer));
  if (added.length === 0) throw invalid();
  const certificates = [...extraCertificates(), ...added];
  const secureContext = createSecureContext();
  const { context } = secureContext as { context: { addCACert?: (pem: string) => void } };
  if (typeof context.addCACert !== 'function') {
    return createSecureContext({ ca: [...rootCertificates, ...certificates] });
  }
  // Not documented, but what Node.js itself calls for each certificate. It adds to a copy of the default store.
  for (const pem of certificates) context.addCACert(pem);
  return secureContext;
}

/** Checks a certificate, because Node.js ignores anything that is not PEM. */
function toPem(certificate: string | Buffer): string {
  try {
    const first = new X509Certificate(certificate);
    const text = certificate.toString();
    return text.includes('-----BEGIN') ? text : first.toString();
  } catch {
    throw invalid();
  }
}

function invalid(): InvalidInvocation {
  return new InvalidInvocation(
    '`ca` must be a certificate in PEM or DER: the contents of the file, not its name',
  );
}

/** The copy of the default store is without these in Node.js 20. As there, a file that cannot be read is no error. */
function extraCertificates(): string[] {
  const { NODE_EXTRA_CA_CERTS: path } = process.env;
  try {
    return path ? [readFileSync(path, 'utf8')] : [];
  } catch {
    return [];
  }
}
