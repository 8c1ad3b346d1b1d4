import type { ImageTarget, OutgoingManifest, PutAnswer } from '../../ends/image-target.ts';
import { EcrpError } from '../../errors.ts';
import { RetryBudget } from '../../net/retry-budget.ts';
import type { Digest } from '../../oci/digest.ts';
import { createRawUploader } from '../../registry/upload/create-raw-uploader.ts';
import { putRawManifest } from '../../registry/upload/put-raw-manifest.ts';
import { type RawUploadEvent, UploadChannel } from '../../registry/upload/upload-channel.ts';
import { getAuthorizationToken } from '../authorization.ts';
import type { EcrClient } from '../client.ts';
import type { WatchWait } from './find-tags.ts';

export interface RawTargetSettings {
  /** `--retry-budget`, in ms. */
  readonly retryBudgetMs: number | undefined;
  /** The same without the option. */
  readonly defaultBudgetMs: number;
  /** As in `ChannelSettings`. */
  readonly firstDelayMs?: number | undefined;
  readonly silentMs?: number | undefined;
  readonly watchWait: WatchWait;
  /** How the registry takes the authorization token: `Bearer` at ECR Public. */
  readonly scheme: 'Basic' | 'Bearer';
  readonly onEvent: (event: RawUploadEvent) => void;
  /** Called with a sentence for the user. */
  readonly onNote: (note: string) => void;
}

/** A repository in the paths of its registry. */
export interface RawPlace {
  readonly registryHost: string;
  /** For messages. */
  readonly repositoryName: string;
  /** As in `/v2/PATH/blobs/`; undefined: the alias in it is unknown. Throws when the signal is aborted. */
  findPath(signal: AbortSignal): Promise<string | undefined>;
}

/** What sends to one repository through its registry. */
interface RawRoad {
  readonly channel: UploadChannel;
  readonly uploadBlob: ImageTarget['uploadBlob'];
}

/**
 * Makes a target whose blobs travel through `/v2/` of the registry, without base64. The API still says which blobs are there,
 * and takes the manifests.
 */
export function sendThroughRegistry(
  client: EcrClient,
  place: RawPlace,
  target: ImageTarget,
  settings: RawTargetSettings,
): ImageTarget {
  const { registryHost } = place;
  let road: RawRoad | undefined;
  /** What went through the registry. Nothing says that the API sees it before a manifest refers to it. */
  const sent = new Set<Digest>();
  /** A token that was requested before it is needed. */
  let early: Promise<string> | undefined;
  const requestToken = async (signal: AbortSignal): Promise<string> =>
    `${settings.scheme} ${(await getAuthorizationToken(client, signal)).authorizationToken}`;

  const findRoad = async (signal: AbortSignal): Promise<RawRoad> => {
    const repositoryPath = await place.findPath(signal);
    if (repositoryPath === undefined) throw explainAlias(place);
    road ??= openRoad(repositoryPath);
    return road;
  };
  const openRoad = (repositoryPath: string): RawRoad => {
    const channel = new UploadChannel({
      connections: client.connections,
      registryHost,
      repositoryPath,
      authorize: (signal) => {
        const token = early ?? requestToken(signal);
        early = undefined;
        return token;
      },
      budget: new RetryBudget({ givenMs: settings.retryBudgetMs, defaultMs: settings.defaultBudgetMs }),
      firstDelayMs: settings.firstDelayMs,
      silentMs: settings.silentMs,
      onEvent: settings.onEvent,
    });
    const uploadBlob = createRawUploader({
      channel,
      isStored: async (digest, signal) => (await target.findAvailable([digest], signal)).has(digest),
      maxBlobBytes: target.limits.maxBlobBytes ?? Number.POSITIVE_INFINITY,
      fallBack: target.uploadBlob,
      onFallBack: settings.onNote,
    });
    return { channel, uploadBlob };
  };

  const putManifest = putThroughApiFirst(target.putManifest, async (manifest, signal) => {
    // Without an upload, nothing can be missing for the reason that it went through the registry.
    return road && putRawManifest(road.channel, manifest, signal);
  });

  return {
    ...target,
    findAvailable: async (digests, signal) => {
      // The token is needed as soon as it is known what is missing, and takes as long as that.
      if (road === undefined) {
        early ??= requestToken(signal);
        early.catch(() => undefined);
      }
      const available = await target.findAvailable(digests, signal);
      return new Set([...available, ...digests.filter((digest) => sent.has(digest))]);
    },
    uploadBlob: (blob, upload, signal) =>
      settings.watchWait(`${registryHost} (upload)`, async () => {
        const { uploadBlob } = await findRoad(signal);
        const uploaded = await uploadBlob(blob, upload, signal);
        sent.add(uploaded.content.digest);
        return uploaded;
      }),
    putManifest: async (manifest, signal) => {
      const answer = await putManifest(manifest, signal);
      // Something is gone after all.
      if (answer.kind === 'missing') sent.clear();
      return answer;
    },
  };
}

/**
 * Chooses how the manifests of such a push go. That PutImage finds blobs which came through `/v2/` is inferred: no document says it. So they
 * go by PutImage, and through the registry, as those of other clients, once PutImage misses what was sent.
 */
function putThroughApiFirst(
  putImage: ImageTarget['putManifest'],
  putRaw: (manifest: OutgoingManifest, signal: AbortSignal) => Promise<PutAnswer | undefined>,
): ImageTarget['putManifest'] {
  let isRaw = false;
  return async (manifest, signal) => {
    const answer = isRaw ? undefined : await putImage(manifest, signal);
    if (answer !== undefined && answer.kind !== 'missing') return answer;
    const rawAnswer = await putRaw(manifest, signal);
    isRaw ||= rawAnswer?.kind === 'put';
    return rawAnswer ?? answer ?? putImage(manifest, signal);
  };
}

function explainAlias({ registryHost, repositoryName }: RawPlace): EcrpError {
  return new EcrpError('UNAVAILABLE', `${repositoryName}: the alias of its registry is not known`, {
    hint: `Give the whole reference: ${registryHost}/ALIAS/${repositoryName}:TAG.`,
  });
}
