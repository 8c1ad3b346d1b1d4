import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as tls from 'node:tls';
import { EcrpError } from '../errors.ts';
import type { Environment } from '../io.ts';

/** A file of certificates in PEM. */
export interface CaBundle {
  readonly path: string;
  /** The setting that names it, for messages: `AWS_CA_BUNDLE`, or `ca_bundle of the profile 'work'`. */
  readonly source: string;
  /** Default: how to correct a setting. */
  readonly hint?: string;
}

const CERTIFICATE =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * Trusts the certificates of bundles besides Node's roots. Returns undefined when Node trusts all of them already. Node trusts most of
 * a system's bundle, and parsing those again takes a fifth of a second. Throws USAGE when a file cannot be read, or holds none.
 */
export async function trustBundles(
  bundles: readonly CaBundle[],
  env: Environment,
): Promise<tls.SecureContext | undefined> {
  const knownRoots = await listKnownRoots(env);
  const known = new Set(knownRoots.map(removeSpace));
  const added: string[] = [];
  for (const bundle of bundles) added.push(...(await readUnknown(bundle, known)));
  return added.length === 0 ? undefined : tls.createSecureContext({ ca: [...knownRoots, ...added] });
}

/** Reads the certificates of a bundle that are not known, and checks each. */
async function readUnknown(bundle: CaBundle, known: ReadonlySet<string>): Promise<readonly string[]> {
  const certificates = await readCertificates(bundle);
  const added = certificates.filter((certificate) => !known.has(removeSpace(certificate)));
  for (const certificate of added) {
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      throw refuse(
        bundle,
        `certificate ${certificates.indexOf(certificate) + 1} of the file is damaged`,
        cause,
      );
    }
  }
  return added;
}

function removeSpace(certificate: string): string {
  return certificate.replaceAll(/\s/g, '');
}

async function readCertificates(bundle: CaBundle): Promise<readonly string[]> {
  const text = await readFile(bundle.path, 'latin1').catch((cause: NodeJS.ErrnoException) => {
    throw refuse(bundle, describeReadFailure(cause), cause);
  });
  const certificates = text.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw refuse(bundle, 'the file holds no certificate in PEM');
  return certificates;
}

function refuse({ path, source, hint }: CaBundle, problem: string, cause?: unknown): EcrpError {
  return new EcrpError('USAGE', `${source}: ${path}: ${problem}`, {
    hint: hint ?? 'Name a file that holds certificates in PEM, or unset it.',
    cause,
  });
}

function describeReadFailure({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  if (code === 'EACCES') return 'permission denied';
  return code === 'EISDIR' ? 'it is a directory' : message;
}

/** Since 22.15, Node lists all roots that it trusts. Before, the file of NODE_EXTRA_CA_CERTS has to be read again. */
async function listKnownRoots(env: Environment): Promise<readonly string[]> {
  const list: unknown = Reflect.get(tls, 'getCACertificates');
  if (typeof list === 'function') return list('default');
  const path = env.NODE_EXTRA_CA_CERTS;
  // Node itself warns of a file that it cannot read, and continues.
  const extra = path ? await readFile(path, 'latin1').catch(() => '') : '';
  return [...tls.rootCertificates, ...(extra.match(CERTIFICATE) ?? [])];
}
