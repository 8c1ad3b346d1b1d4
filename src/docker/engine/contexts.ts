import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EcrpError } from '../../errors.ts';
import { describeFileError, findErrorCode } from '../../files/file-errors.ts';
import { quoteText } from '../../foreign-text.ts';
import { findJsonExcess, isObject } from '../../json.ts';
import { DOCKER_SOCKET, type EngineAddress, type EngineTls, parseEngineAddress } from './address.ts';

/** Longest file of a context, in bytes. Docker writes some hundred. */
const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads where the engine of a docker context listens, with its TLS files. Docker's CLI keeps a context in `contexts/` of its configuration
 * directory, in folders named by the SHA-256 of its name (docker/cli, `cli/context/store`).
 * @param from What chooses the context, for messages: `DOCKER_CONTEXT`.
 * Throws USAGE if the context does not exist, INVALID_INPUT if its files are not readable or not valid.
 */
export async function readContext(name: string, directory: string, from: string): Promise<EngineAddress> {
  const id = createHash('sha256').update(name).digest('hex');
  const path = join(directory, 'contexts', 'meta', id, 'meta.json');
  const bytes = await readOptionalFile(path);
  if (bytes === undefined) {
    throw new EcrpError('USAGE', `${from}: there is no docker context ${quoteText(name)}`, {
      hint: '`docker context ls` lists the contexts; choose one with DOCKER_CONTEXT.',
    });
  }
  const { host, skipsVerification } = parseMeta(bytes, path);
  const subject = `the docker context ${quoteText(name)}`;
  const tlsDirectory = join(directory, 'contexts', 'tls', id, 'docker');
  const tls = await readTls(tlsDirectory, { verify: !skipsVerification });
  const isSecured = tls.ca !== undefined || tls.cert !== undefined || skipsVerification;
  return parseEngineAddress(host, subject, isSecured ? tls : undefined);
}

/** Reads `ca.pem`, `cert.pem` and `key.pem` of a directory; each may be missing. Throws INVALID_INPUT if one cannot be read. */
export async function readTls(
  directory: string,
  { verify }: { readonly verify: boolean },
): Promise<EngineTls> {
  const [ca, cert, key] = await Promise.all(
    ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readOptionalFile(join(directory, name))),
  );
  return { ca, cert, key, verify };
}

function parseMeta(
  bytes: Buffer,
  path: string,
): { readonly host: string; readonly skipsVerification: boolean } {
  let meta: unknown;
  try {
    if (findJsonExcess(bytes) === undefined) meta = JSON.parse(bytes.toString());
  } catch {
    // Refused below.
  }
  const endpoints = isObject(meta) ? meta.Endpoints : undefined;
  const endpoint = isObject(endpoints) ? endpoints.docker : undefined;
  if (!isObject(endpoint)) throw refuse(path, 'it names no docker endpoint');
  const { Host: host = '', SkipTLSVerify: skips = false } = endpoint;
  if (typeof host !== 'string') throw refuse(path, 'its host is not a string');
  if (typeof skips !== 'boolean') throw refuse(path, 'its SkipTLSVerify is not a boolean');
  return { host: host || `unix://${DOCKER_SOCKET}`, skipsVerification: skips };
}

async function readOptionalFile(path: string): Promise<Buffer | undefined> {
  try {
    const stats = await stat(path);
    // Reading a pipe would never end.
    if (!stats.isFile()) throw refuse(path, 'it is not a file');
    if (stats.size > MAX_FILE_BYTES) throw refuse(path, `it is longer than ${MAX_FILE_BYTES} bytes`);
    return await readFile(path);
  } catch (error) {
    if (findErrorCode(error) === 'ENOENT') return undefined;
    throw error instanceof EcrpError ? error : refuse(path, describeFileError(error));
  }
}

function refuse(path: string, problem: string): EcrpError {
  return new EcrpError('INVALID_INPUT', `docker's file ${path} cannot be used: ${problem}`, {
    hint: 'Make the context again with `docker context create`, or set DOCKER_HOST.',
  });
}
