// Forms that the service checks beyond its model, which has none for image tags and digests. Source: recorded texts.

export const IMAGE_TAG_PATTERN = '[a-zA-Z0-9-_.]+';
export const IMAGE_DIGEST_PATTERN = '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+';
/** The model's own for layers is the same. */
export const LAYER_DIGEST_PATTERN = IMAGE_DIGEST_PATTERN;
