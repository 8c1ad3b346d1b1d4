// Source: AWS General Reference, "Amazon ECR Public endpoints and quotas"; endpoint rule set of the service model 2020-10-30.

/** Host of the API in us-east-1. */
export const API_HOST = 'api.ecr-public.us-east-1.amazonaws.com';
/** The same for IPv6 and IPv4. */
export const DUAL_STACK_API_HOST = 'ecr-public.us-east-1.api.aws';
/** The names that the rule set makes when FIPS is asked for; the reference lists none of them. */
export const FIPS_API_HOST = 'api.ecr-public-fips.us-east-1.amazonaws.com';
export const FIPS_DUAL_STACK_API_HOST = 'api.ecr-public-fips.us-east-1.api.aws';
/** Every name of the API; the group is the region. */
export const API_HOST_PATTERN = /^(?:api\.)?ecr-public(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com|api\.aws)$/;
/** The registry host for IPv6 and IPv4: the same registry as REGISTRY_HOST. */
export const DUAL_STACK_REGISTRY_HOST = 'ecr-public.aws.com';
/** The other region that the reference lists answers GetAuthorizationToken with UnsupportedCommandException. */
export const LIMITED_REGION = 'us-west-2';
