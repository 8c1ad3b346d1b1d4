import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { EcrpError } from '../errors.ts';
import type { Environment } from './choose-proxy.ts';

/** A file of certificates in PEM. */
export interface CaBundle {
  readonly path: string;
  /** The setting that names it, for messages: `AWS_CA_BUNDLE`, or `ca_bundle of the profile 'work'`. */
  readonly source: string;
}

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Trusts the certificates of a bundle besides Node's roots. Throws USAGE when the file cannot be read or holds none. */
export async function trustBundle(bundle: CaBundle, env: Environment): Promise<tls.SecureContext> {
  const certificates = await readCertificates(bundle);
  return tls.createSecureContext({ ca: [...(await listKnownRoots(env)), ...certificates] });
}

async function readCertificates({ path, source }: CaBundle): Promise<readonly string[]> {
  const refuse = (problem: string, cause?: unknown) =>
    new EcrpError('USAGE', `${source}: ${path}: ${problem}`, {
      hint: 'Name a file that holds certificates in PEM, or unset it.',
      cause,
    });
  const text = await readFile(path, 'latin1').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(describeReadFailure(cause), cause);
  });
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw refuse('the file holds no certificate in PEM');
  for (const [position, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw refuse(`certificate ${position + 1} of the file is damaged`, cause);
    }
  }
  return certificates;
}

function describeReadFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'permission denied';
  return code === 'EISDIR' ? 'it is a directory' : message;
}

/** Node lists all that it trusts since 22.15; before, what NODE_EXTRA_CA_CERTS adds has to be read again. */
async function listKnownRoots(env: Environment): Promise<readonly string[]> {
  const list: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof list === 'function') return list('default');
  const path = env.NODE_EXTRA_CA_CERTS;
  // Node itself goes on without a file that it cannot read, and says so.
  const extra = path ? await readFile(path, 'latin1').catch(() => '') : '';
  return [...tls.rootCertificates, ...(extra.match(CERTIFICATE) ?? [])];
}
