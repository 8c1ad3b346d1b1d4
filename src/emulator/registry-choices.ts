import { type Choice, choose } from './choice.ts';

/** The choices about `/v2/` in AWS mode. Part of `CHOICES`. */
export const REGISTRY_CHOICES = {
  registryPatchStatus: choose(
    201,
    'recorded of private, which has the same proxy',
    '202, as the OCI specification',
  ),
  registryPatchRangeAdvances: choose(
    false,
    'recorded of private, aws/containers-roadmap#2831: it stays at the end of the first chunk; GET of the upload tells the truth',
    'what has come in all, as the OCI specification',
  ),
  registryRefusesBlobHeads: choose(
    true,
    'recorded: 401 to a client that may only pull',
    '200 or 404, as the OCI specification',
  ),
  registryTagsPage: choose(100, 'recorded of private', 'any other number'),
  registryInvalidTokenStatus: choose(400, 'recorded', '401, as clients expect and users ask for'),
  registryDeniedLoginStatus: choose(403, 'recorded of logins out of date', 'not recorded of wrong passwords'),
  registryDigestHeaderOnGet: choose(false, 'recorded: on HEAD alone', 'on both, as the OCI specification'),
  registryBadTagCode: choose('TAG_INVALID', 'status 400 is recorded of private', 'code not recorded'),
  registryUnsupportedDigestCode: choose(
    'DIGEST_INVALID',
    'OCI specification; status 400 as for bad tags',
    'not recorded of digests that are not sha256',
  ),
  registryListsRepositories: choose(
    false,
    'nothing is recorded: 404, as for every other address that is not there',
    'UNSUPPORTED, or a list',
  ),
  registryUploadNotFoundCode: choose(
    'BLOB_UPLOAD_UNKNOWN',
    'OCI specification',
    'UNKNOWN, as one report of private has it',
  ),
  registryDeleteStatus: choose(202, 'private has it', '405: nothing is recorded of public'),
} as const satisfies Record<string, Choice<unknown>>;
