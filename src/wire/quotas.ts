/**
 * Requests per second and account, by operation. Source: the "Amazon ECR Public service quotas" page; the 2021 user
 * guide still gives 200/s for InitiateLayerUpload, today's page 10/s.
 */
export const REQUESTS_PER_SECOND: Readonly<Record<string, number>> = {
  GetAuthorizationToken: 200,
  BatchCheckLayerAvailability: 200,
  InitiateLayerUpload: 10,
  UploadLayerPart: 260,
  CompleteLayerUpload: 10,
  PutImage: 10,
};

/** Image pulls per second: of one source address without credentials, of one account with them. Source: the same page. */
export const PULLS_PER_SECOND = { anonymousPull: 1, authenticatedPull: 10 } as const;
