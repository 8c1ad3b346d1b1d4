// Source: metadata of AWS service model 2020-10-30 of ECR Public.

/** `X-Amz-Target` is this, a full stop, and the operation's name. */
export const TARGET_PREFIX = 'SpencerFrontendService';
/** Of requests and responses: the `json` protocol in version 1.1. */
export const CONTENT_TYPE = 'application/x-amz-json-1.1';
/** The service in the credential scope of Signature Version 4. */
export const SIGNING_NAME = 'ecr-public';
/** The only region that answers every operation. */
export const REGION = 'us-east-1';
/** Where images are pulled from. */
export const REGISTRY_HOST = 'public.ecr.aws';
/** User name that goes with the password of an authorization token. */
export const TOKEN_USERNAME = 'AWS';
