import { choose, type EmulatorChoice } from './choice.ts';

/** Decisions about `/v2/` in AWS mode. Part of `CHOICES`. `private` is recorded from private ECR, which has the same proxy. */
export const REGISTRY_CHOICES = {
  registryPatchStatus: choose(201, 'recorded from private', '202, as in the OCI specification'),
  registryPatchRangeAdvances: choose(
    false,
    'recorded from private (aws/containers-roadmap#2831): the range stays at the end of the first chunk; GET of the upload is right',
    'true: all received bytes, as in the OCI specification',
  ),
  registryRefusesBlobHeads: choose(
    true,
    'recorded: 401 for a client that may only pull',
    '200 or 404, as in the OCI specification',
  ),
  registryTagsPage: choose(100, 'recorded from private', 'any other number'),
  registryInvalidTokenStatus: choose(400, 'recorded', '401, as clients expect'),
  registryDeniedLoginStatus: choose(
    403,
    'recorded for expired logins',
    'another status for wrong passwords: not recorded',
  ),
  registryDigestHeaderOnGet: choose(
    false,
    'recorded: only on HEAD',
    'true: on both, as in the OCI specification',
  ),
  registryBadTagCode: choose(
    'TAG_INVALID',
    'status 400 is recorded from private',
    'another code: not recorded',
  ),
  registryUnsupportedDigestCode: choose(
    'DIGEST_INVALID',
    'OCI specification; status 400 as for bad tags',
    'another code: not recorded for digests other than sha256',
  ),
  registryListsRepositories: choose(
    false,
    'not recorded: 404, as for every other unknown address',
    'UNSUPPORTED, or a list',
  ),
  registryUploadNotFoundCode: choose(
    'BLOB_UPLOAD_UNKNOWN',
    'OCI specification',
    'UNKNOWN, as in one report about private',
  ),
  registryDeleteStatus: choose(202, 'private supports DELETE', '405: not recorded for ECR Public'),
} as const satisfies Record<string, EmulatorChoice<unknown>>;
