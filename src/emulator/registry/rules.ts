import { MIN_PART_BYTES } from '../../wire/limits.ts';
import { SHAPES } from '../../wire/shapes.ts';
import { CHOICES } from '../choices.ts';
import { IMAGE_TAG_PATTERN } from '../patterns.ts';

export type RegistryMode = 'aws' | 'oci';

/** What public.ecr.aws and the OCI distribution specification have each their own way of. */
export interface RegistryRules {
  readonly patchStatus: number;
  /** Whether the Range of a PATCH answer covers all received bytes; otherwise it stays at the first chunk. */
  readonly patchRangeAdvances: boolean;
  /** Of a Bearer token that is not taken; with 401 comes a challenge. */
  readonly invalidTokenStatus: number;
  readonly refusesAnonymousBlobHeads: boolean;
  /** Docker-Content-Digest with the bytes of a manifest or blob. */
  readonly digestHeaderOnGet: boolean;
  /** Of the parts of an upload, the last one excepted. */
  readonly minimumPartBytes: number;
  readonly takesEmptyBlobs: boolean;
  /** The pattern of a tag. */
  readonly tagForm: RegExp;
  /** A request for a malformed tag gets status 400; otherwise 404. */
  readonly refusesBadTags: boolean;
  /** Of an image. */
  readonly minimumLayers: number;
  /** `GET _catalog`. */
  readonly listsRepositories: boolean;
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
    patchRangeAdvances: CHOICES.registryPatchRangeAdvances.value,
    invalidTokenStatus: CHOICES.registryInvalidTokenStatus.value,
    refusesAnonymousBlobHeads: CHOICES.registryRefusesBlobHeads.value,
    digestHeaderOnGet: CHOICES.registryDigestHeaderOnGet.value,
    minimumPartBytes: MIN_PART_BYTES,
    takesEmptyBlobs: false,
    tagForm: new RegExp(`^(?=.{1,${SHAPES.ImageTag.max}}$)${IMAGE_TAG_PATTERN}$`),
    refusesBadTags: true,
    minimumLayers: CHOICES.minimumLayersPerImage.value,
    listsRepositories: CHOICES.registryListsRepositories.value,
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
    patchRangeAdvances: true,
    invalidTokenStatus: 401,
    refusesAnonymousBlobHeads: false,
    digestHeaderOnGet: true,
    minimumPartBytes: 0,
    takesEmptyBlobs: true,
    tagForm: /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/,
    refusesBadTags: false,
    minimumLayers: 0,
    listsRepositories: true,
    sortsTags: true,
    takesBlobsAtOnce: true,
    deletesBlobs: true,
    keepsUntagged: true,
    sendsManifestLocation: true,
    invalidManifest: [400, 'MANIFEST_INVALID'],
    digestMismatchCode: 'DIGEST_INVALID',
  },
};
