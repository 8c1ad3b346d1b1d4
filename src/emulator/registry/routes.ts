import type { OperationName } from '../../wire/operations.ts';
import { deleteBlob, describeBlob, redirectToBlob } from './blobs.ts';
import type { Caller, RepositoryExchange } from './exchange.ts';
import { deleteManifest, receiveManifest } from './manifest-changes.ts';
import { serveManifest } from './manifests.ts';
import { serveReferrers } from './referrers.ts';
import { serveTags } from './tags.ts';
import { appendToUpload, cancelUpload, completeUpload, describeUpload, startUpload } from './uploads.ts';

/** `reference` is the last element of the path: a tag, a digest, an upload id, or empty where the route has none. */
type Handler = (
  exchange: RepositoryExchange,
  name: string,
  reference: string,
  caller: Caller,
) => void | Promise<void>;

export interface Route {
  /** Of the path after `/v2/`. Groups: name, reference. */
  readonly pattern: RegExp;
  /** By method. */
  readonly pull: Readonly<Record<string, Handler>>;
  /** By method; for those only who may do the operation of the JSON API that it amounts to. */
  readonly push: Readonly<Record<string, Push>>;
}

interface Push {
  readonly operation: OperationName;
  readonly handle: Handler;
}

/** The first pattern that fits is the one. A repository's name may itself contain a word like `blobs`. */
export const ROUTES: readonly Route[] = [
  {
    pattern: /^(.+)\/blobs\/uploads\/?$/s,
    pull: {},
    push: { POST: { operation: 'InitiateLayerUpload', handle: startUpload } },
  },
  {
    pattern: /^(.+)\/blobs\/uploads\/([^/]+)$/s,
    pull: {},
    push: {
      GET: { operation: 'UploadLayerPart', handle: describeUpload },
      PATCH: { operation: 'UploadLayerPart', handle: appendToUpload },
      PUT: { operation: 'CompleteLayerUpload', handle: completeUpload },
      DELETE: { operation: 'InitiateLayerUpload', handle: cancelUpload },
    },
  },
  {
    pattern: /^(.+)\/manifests\/([^/]+)$/s,
    pull: { GET: serveManifest, HEAD: serveManifest },
    push: {
      PUT: { operation: 'PutImage', handle: receiveManifest },
      DELETE: { operation: 'BatchDeleteImage', handle: deleteManifest },
    },
  },
  {
    pattern: /^(.+)\/blobs\/([^/]+)$/s,
    pull: { GET: redirectToBlob, HEAD: describeBlob },
    push: { DELETE: { operation: 'BatchDeleteImage', handle: deleteBlob } },
  },
  { pattern: /^(.+)\/tags\/list$/s, pull: { GET: serveTags }, push: {} },
  { pattern: /^(.+)\/referrers\/([^/]+)$/s, pull: { GET: serveReferrers }, push: {} },
];
