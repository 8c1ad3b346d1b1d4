import { getAuthorizationToken } from '../../../ecr/authorization.ts';
import type { ReadManifest } from '../../../ends/image-target.ts';
import { EcrpError } from '../../../errors.ts';
import { RetryBudget } from '../../../net/retry-budget.ts';
import type { Content } from '../../../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../../../oci/digest.ts';
import { formatRepository } from '../../../oci/reference.ts';
import type { RegistryAccess } from '../../../registry/client.ts';
import { createRegistryReader } from '../../../registry/registry-reader.ts';
import { type RetryOptions, retryReading } from '../../../registry/retry-reading.ts';
import type { CommandContext } from '../../command-context.ts';
import type { EcrSession } from '../../ecr-session.ts';
import { formatDuration } from '../../format.ts';
import type { NamedRepository } from './place.ts';

/** A small document arrives within this time, or never. */
const SILENT_MS = 10_000;

/** Reads manifests and small blobs of one repository. Each read is repeated within the budget, and its digest is checked. */
export interface RepositoryReader {
  /** `HOST/ALIAS/REPOSITORY`, in private ECR `HOST/REPOSITORY` */
  readonly name: string;
  /** Reads a manifest by tag or digest; undefined if it does not exist. */
  findManifest(reference: string): Promise<ReadManifest | undefined>;
  /** The same. Throws NOT_FOUND. */
  readManifest(reference: string): Promise<ReadManifest>;
  readBlob(content: Content, maxBytes: number): Promise<Buffer>;
}

/** Opens a repository of ECR Public. It is read anonymously, and where that is refused or its quota is used up, with a login. */
export function openRepository(
  context: CommandContext,
  { client }: EcrSession,
  named: NamedRepository,
  access: RegistryAccess = { authorize: authorizeIfPossible(context, client) },
): RepositoryReader {
  const { waiting } = context;
  const options = prepareReading(context);
  const reader = createRegistryReader(client.connections, named, access);
  const name = formatRepository(named);
  const read = <Result>(what: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> =>
    waiting.during(`${named.registryHost} (${what})`, () => retryReading(`${name}: ${what}`, work, options));
  const findManifest = (reference: string): Promise<ReadManifest | undefined> =>
    read(nameManifest(reference), async (signal) => {
      const found = await reader.readManifest(reference, signal);
      if (found !== undefined && isDigest(reference) && found.digest !== reference) {
        throw refuseBytes(`${name}: ${nameManifest(reference)}`, found.digest);
      }
      return found;
    });
  return {
    name,
    findManifest,
    async readManifest(reference) {
      const found = await findManifest(reference);
      if (found !== undefined) return found;
      throw refuseManifest(name, reference);
    },
    readBlob: ({ digest }, maxBytes) => {
      const what = `the blob ${digest}`;
      return read(what, async (signal) => {
        const chunks = await reader.openBlob(digest, signal);
        if (chunks === undefined) {
          throw new EcrpError('NOT_FOUND', `${name}: ${what} does not exist`, {
            hint: 'The image is damaged: push it again.',
          });
        }
        const bytes = await collectBytes(chunks, maxBytes, `${name}: ${what}`);
        const found = digestOf(bytes);
        if (found !== digest) throw refuseBytes(`${name}: ${what}`, found);
        return bytes;
      });
    },
  };
}

/** Makes the login of a reader that can do without one: without credentials it stays anonymous, at one pull a second. */
function authorizeIfPossible(
  { messages }: CommandContext,
  client: EcrSession['client'],
): RegistryAccess['authorize'] {
  let isRefused = false;
  return async (signal) => {
    if (isRefused) return undefined;
    try {
      return (await getAuthorizationToken(client, signal)).authorizationToken;
    } catch (error) {
      if (!(error instanceof EcrpError) || error.code !== 'AUTH') throw error;
      isRefused = true;
      messages.detail(`Reading without a login: ${error.message}`);
      return undefined;
    }
  };
}

/** How reads are repeated. */
export function prepareReading({ io, options, messages, style }: CommandContext): RetryOptions {
  return {
    waitsMs: [],
    budget: new RetryBudget({ givenMs: options.retryBudget }),
    silentMs: SILENT_MS,
    words: { problem: 'cannot be read', hint: 'Run the command again in a minute.' },
    signal: io.signal,
    onRetry: ({ subject, attempt, reason, delayMs }) => {
      if (style.jsonLines) messages.event('retry', { operation: subject, attempt, delayMs, reason });
      else {
        messages.detail(`${subject} could not be read (${reason}), retrying in ${formatDuration(delayMs)}`);
      }
    },
  };
}

/** Explains that a manifest, by tag or digest, does not exist. */
export function refuseManifest(name: string, reference: string): EcrpError {
  return new EcrpError('NOT_FOUND', `${name}: ${nameManifest(reference)} does not exist`, {
    hint: `'ecrp image list ${name}' shows what is there.`,
  });
}

function nameManifest(reference: string): string {
  return isDigest(reference) ? `the manifest ${reference}` : `the tag ${reference}`;
}

async function collectBytes(chunks: AsyncIterable<Buffer>, maxBytes: number, what: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new EcrpError('INVALID_INPUT', `${what} is longer than ${maxBytes} bytes`, {
        hint: 'It is no image config.',
      });
    }
    pieces.push(chunk);
  }
  return Buffer.concat(pieces, length);
}

function refuseBytes(what: string, found: Digest): EcrpError {
  return new EcrpError('UNAVAILABLE', `${what}: its bytes have another digest, ${found}`, {
    hint: 'Check whether a proxy changes answers, then run the command again.',
  });
}
