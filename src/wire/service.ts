// Source: metadata of AWS service model 2020-10-30 of ECR Public.

/** `X-Amz-Target` is this prefix, a full stop and the name of the operation. */
export const TARGET_PREFIX = 'SpencerFrontendService';
/** Content type of requests and responses: version 1.1 of the `json` protocol. */
export const CONTENT_TYPE = 'application/x-amz-json-1.1';
/** Name of the service in the credential scope of Signature Version 4. */
export const SIGNING_NAME = 'ecr-public';
/** The only region that answers every operation. */
export const REGION = 'us-east-1';
/** Images are pulled from here. */
export const REGISTRY_HOST = 'public.ecr.aws';
/** Shows the repositories of all registries to the public. */
export const GALLERY_HOST = 'gallery.ecr.aws';
/** User name of every authorization token. */
export const TOKEN_USERNAME = 'AWS';

// Source: AWS General Reference, "Amazon ECR Public endpoints and quotas"; endpoint rule set of the service model 2020-10-30.

/** Host of the API in us-east-1. */
export const API_HOST = 'api.ecr-public.us-east-1.amazonaws.com';
/** Host of the API in us-east-1 for IPv6 and IPv4. */
export const DUAL_STACK_API_HOST = 'ecr-public.us-east-1.api.aws';
/** FIPS hosts by the rule set. The General Reference does not list them. */
export const FIPS_API_HOST = 'api.ecr-public-fips.us-east-1.amazonaws.com';
export const FIPS_DUAL_STACK_API_HOST = 'api.ecr-public-fips.us-east-1.api.aws';
/** Matches every host of the API; the group is the region. */
export const API_HOST_PATTERN = /^(?:api\.)?ecr-public(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)$/;
/** Host of the same registry as REGISTRY_HOST, for IPv6 and IPv4. */
export const DUAL_STACK_REGISTRY_HOST = 'ecr-public.aws.com';
/** The General Reference lists this region, but GetAuthorizationToken fails there with UnsupportedCommandException. */
export const LIMITED_REGION = 'us-west-2';
