import type { OutgoingManifest, PutAnswer } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { describeUploadAnswer, judgeRefusal, type UploadAnswer } from './upload-answer.ts';
import type { UploadChannel } from './upload-channel.ts';
import { isOfNetwork, UploadRetries } from './upload-retries.ts';

/** Codes of a registry that lacks what the manifest refers to. */
const MISSING = ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN'];
/** How often in a row the token may be refused. */
const MOST_REFUSALS = 2;

/**
 * Puts a manifest through `/v2/`, as other clients do. The answer does not tell whether it was there before. Throws INVALID_INPUT when the
 * registry refuses it, AUTH when it takes no token, UNAVAILABLE when the budget is spent.
 */
export async function putRawManifest(
  channel: UploadChannel,
  manifest: OutgoingManifest,
  signal: AbortSignal,
): Promise<PutAnswer> {
  const retries = new UploadRetries(channel, `the manifest ${manifest.digest}`);
  for (let refusals = 0; ; ) {
    await retries.begin(signal);
    const answer = await sendManifest(channel, manifest, signal);
    if (!(answer instanceof Error) && answer.status < 300) {
      retries.noteProgress();
      return { kind: 'put', registryId: undefined };
    }
    if (answer instanceof Error || judgeRefusal(answer) === 'transient') {
      await retries.wait(answer, false, signal);
      continue;
    }
    const reason = describeUploadAnswer(answer);
    if (MISSING.includes(answer.error?.code ?? '')) return { kind: 'missing', detail: reason };
    if (judgeRefusal(answer) !== 'token') throw explainRefused(channel, manifest, reason);
    channel.token.refuse(answer.authorization, reason);
    refusals += 1;
    if (refusals > MOST_REFUSALS) throw channel.token.explainRefusal(reason);
    retries.noteRepeat(answer);
  }
}

/** Returns the answer, whatever it is, or the error of the network. */
async function sendManifest(
  channel: UploadChannel,
  { bytes, digest, mediaType, tag }: OutgoingManifest,
  signal: AbortSignal,
): Promise<UploadAnswer | Error> {
  const url = new URL(`manifests/${tag ?? digest}`, channel.url);
  const body = { length: bytes.length, bytes: yieldOnce(bytes) };
  const headers = { 'content-type': mediaType };
  try {
    return await channel.request({ method: 'PUT', url, headers, body }, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isOfNetwork(error)) return error;
    throw error;
  }
}

async function* yieldOnce(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function explainRefused(channel: UploadChannel, { digest }: OutgoingManifest, reason: string): EcrpError {
  const { registryHost } = channel.settings;
  return new EcrpError(
    'INVALID_INPUT',
    `${registryHost}: it does not take the manifest ${digest}: ${reason}`,
    {
      hint: 'Push without --transport registry: the API may say more.',
    },
  );
}
