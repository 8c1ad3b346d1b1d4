import { MIN_PART_BYTES } from '../../wire/limits.ts';
import { SHAPES } from '../../wire/shapes.ts';
import { CHOICES } from '../choices.ts';
import { PRIVATE_REGISTRY_CHOICES } from '../private/registry-choices.ts';
import { IMAGE_TAG_PATTERN } from '../text-choices.ts';

export type RegistryMode = 'aws' | 'oci';

/** The differences between public.ecr.aws and the OCI distribution specification. */
export interface RegistryRules {
  readonly patchStatus: number;
  /** True when the Range of a PATCH answer covers all received bytes. Otherwise it stays at the first chunk. */
  readonly patchRangeAdvances: boolean;
  /** The status for an invalid Bearer token. With 401, the answer has a challenge. */
  readonly invalidTokenStatus: number;
  readonly refusesAnonymousBlobHeads: boolean;
  /** True when GET of a manifest or blob answers with Docker-Content-Digest. */
  readonly digestHeaderOnGet: boolean;
  /** The minimum for every part of an upload but the last. */
  readonly minimumPartBytes: number;
  readonly takesEmptyBlobs: boolean;
  /** Matches a valid tag. */
  readonly tagForm: RegExp;
  /** True when a request for a malformed tag gets status 400. Otherwise it gets 404. */
  readonly refusesBadTags: boolean;
  /** The minimum for an image manifest. */
  readonly minimumLayers: number;
  /** True when `GET _catalog` is served. */
  readonly listsRepositories: boolean;
  /** True when tags are sorted by name, with pages of any length after any `last`. */
  readonly sortsTags: boolean;
  /** True when `last` of a list may be a name from it. Otherwise it must come from a Link. */
  readonly takesNamesAsLast: boolean;
  /** True when Link has a whole address. Otherwise it has a path. */
  readonly linksWholeAddress: boolean;
  /** True when POST of an upload takes `mount` and `from`. */
  readonly mountsBlobs: boolean;
  /** True when POST of an upload takes a whole blob with `digest`. */
  readonly takesWholeBlobs: boolean;
  readonly deletesBlobs: boolean;
  /** True when an image stays after its last tag is deleted. */
  readonly keepsUntagged: boolean;
  /** True when the answer to PUT of a manifest has a Location. */
  readonly sendsManifestLocation: boolean;
  /** The answer to an invalid manifest. */
  readonly invalidManifest: readonly [status: number, code: string];
  /** The code for bytes that do not have the given digest. */
  readonly digestMismatchCode: string;
  /** Answers to exceptions of the JSON API that differ from those of ECR Public. */
  readonly answers: Readonly<Record<string, readonly [status: number, code: string]>>;
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
    takesNamesAsLast: true,
    linksWholeAddress: false,
    mountsBlobs: false,
    takesWholeBlobs: false,
    deletesBlobs: false,
    keepsUntagged: false,
    sendsManifestLocation: false,
    invalidManifest: [405, 'UNSUPPORTED'],
    digestMismatchCode: 'BLOB_UPLOAD_INVALID',
    answers: {},
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
    takesNamesAsLast: true,
    linksWholeAddress: false,
    mountsBlobs: true,
    takesWholeBlobs: true,
    deletesBlobs: true,
    keepsUntagged: true,
    sendsManifestLocation: true,
    invalidManifest: [400, 'MANIFEST_INVALID'],
    digestMismatchCode: 'DIGEST_INVALID',
    answers: {},
  },
};

const { missingLayers, wrongDigest, keyTrouble } = PRIVATE_REGISTRY_CHOICES;

/** What private ECR has in both modes. */
const PRIVATE_RULES = {
  refusesAnonymousBlobHeads: false,
  listsRepositories: true,
  mountsBlobs: true,
  answers: {
    // Recorded in docker/buildx#2955.
    ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
    LayersNotFoundException: missingLayers.value,
    ImageDigestDoesNotMatchException: wrongDigest.value,
    KmsException: keyTrouble.value,
  },
} as const satisfies Partial<RegistryRules>;

/** The differences between the registry of private ECR and the OCI distribution specification. */
export const PRIVATE_REGISTRY_RULES: Readonly<Record<RegistryMode, RegistryRules>> = {
  aws: { ...REGISTRY_RULES.aws, ...PRIVATE_RULES, takesNamesAsLast: false, linksWholeAddress: true },
  oci: { ...REGISTRY_RULES.oci, ...PRIVATE_RULES },
};
