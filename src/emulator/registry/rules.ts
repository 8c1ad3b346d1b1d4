import { MIN_PART_BYTES } from '../../wire/limits.ts';
import { CHOICES } from '../choices.ts';

export type RegistryMode = 'aws' | 'oci';

/** What public.ecr.aws and the OCI distribution specification have each their own way of. */
export interface RegistryRules {
  readonly patchStatus: number;
  /** Of a Bearer token that is not taken; with 401 comes a challenge. */
  readonly invalidTokenStatus: number;
  readonly refusesAnonymousBlobHeads: boolean;
  readonly digestHeaderOnGet: boolean;
  /** Of the parts of an upload, the last one excepted. */
  readonly minimumPartBytes: number;
  /** Tags by name, a page of any length, after any `last`. */
  readonly sortsTags: boolean;
  /** POST of an upload takes `mount` and `from`, and a whole blob with `digest`. */
  readonly takesBlobsAtOnce: boolean;
  readonly deletesBlobs: boolean;
  /** An image stays when its last tag is deleted. */
  readonly keepsUntagged: boolean;
  /** Of a manifest that was put. */
  readonly sendsManifestLocation: boolean;
  /** Of a manifest that is none. */
  readonly invalidManifest: readonly [status: number, code: string];
  /** Of bytes that are not those of the digest. */
  readonly digestMismatchCode: string;
}

export const REGISTRY_RULES: Readonly<Record<RegistryMode, RegistryRules>> = {
  aws: {
    patchStatus: CHOICES.registryPatchStatus.value,
    invalidTokenStatus: CHOICES.registryInvalidTokenStatus.value,
    refusesAnonymousBlobHeads: CHOICES.registryRefusesBlobHeads.value,
    digestHeaderOnGet: CHOICES.registryDigestHeaderOnGet.value,
    minimumPartBytes: MIN_PART_BYTES,
    sortsTags: false,
    takesBlobsAtOnce: false,
    deletesBlobs: false,
    keepsUntagged: false,
    sendsManifestLocation: false,
    invalidManifest: [405, 'UNSUPPORTED'],
    digestMismatchCode: 'BLOB_UPLOAD_INVALID',
  },
  oci: {
    patchStatus: 202,
    invalidTokenStatus: 401,
    refusesAnonymousBlobHeads: false,
    digestHeaderOnGet: true,
    minimumPartBytes: 0,
    sortsTags: true,
    takesBlobsAtOnce: true,
    deletesBlobs: true,
    keepsUntagged: true,
    sendsManifestLocation: true,
    invalidManifest: [400, 'MANIFEST_INVALID'],
    digestMismatchCode: 'DIGEST_INVALID',
  },
};
