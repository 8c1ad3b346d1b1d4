import type { Descriptor, Platform } from './descriptor.ts';
import { type Digest, isDigest } from './digest.ts';
import {
  describeValue,
  expectArray,
  expectObject,
  expectString,
  expectStrings,
  invalidInput,
  type JsonObject,
} from './json.ts';

/** Most layers of an image, children of an index, annotations, URLs: far above anything real, far below harm. */
export const MAX_ITEMS = 10_000;

/** Reads an OCI content descriptor. Members it does not know are ignored, as the image specification asks. */
export function parseDescriptor(value: unknown, subject: string, path: string): Descriptor {
  const object = expectObject(value, subject, path);
  return {
    mediaType: expectString(object.mediaType, subject, `${path}.mediaType`),
    digest: expectDigest(object.digest, subject, `${path}.digest`),
    size: expectSize(object.size, subject, `${path}.size`),
    ...(isPresent(object.platform) && {
      platform: parsePlatformMember(object.platform, subject, `${path}.platform`),
    }),
    ...(isPresent(object.annotations) && {
      annotations: parseAnnotations(object.annotations, subject, `${path}.annotations`),
    }),
    ...(isPresent(object.urls) && { urls: expectStrings(object.urls, subject, `${path}.urls`, MAX_ITEMS) }),
    ...parseArtifactType(object.artifactType, subject, `${path}.artifactType`),
  };
}

export function parseDescriptors(value: unknown, subject: string, path: string): readonly Descriptor[] {
  const items = expectArray(value, subject, path, MAX_ITEMS);
  return items.map((item, position) => parseDescriptor(item, subject, `${path}[${position}]`));
}

export function expectDigest(value: unknown, subject: string, path: string): Digest {
  if (isDigest(value)) return value;
  if (typeof value === 'string' && /^sha(384|512):/.test(value)) {
    throw invalidInput(subject, `${path} is ${describeValue(value)}; ECR Public takes sha256 digests only`);
  }
  throw invalidInput(subject, `${path} is ${describeValue(value)}, not a sha256 digest`);
}

export function parseAnnotations(
  value: unknown,
  subject: string,
  path: string,
): Readonly<Record<string, string>> {
  const entries = Object.entries(expectObject(value, subject, path));
  if (entries.length > MAX_ITEMS) {
    throw invalidInput(subject, `${path} has ${entries.length} members, more than the ${MAX_ITEMS} allowed`);
  }
  for (const [key, text] of entries) {
    if (typeof text !== 'string') {
      throw invalidInput(subject, `${path}[${JSON.stringify(key)}] is ${describeValue(text)}, not a text`);
    }
  }
  // Every value was just seen to be a string; null prototype, as the keys are chosen by others.
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as Record<string, string>;
}

/** Reads an `artifactType`, which some tools write as an empty text when there is none. */
export function parseArtifactType(value: unknown, subject: string, path: string): { artifactType?: string } {
  return isPresent(value) && value !== '' ? { artifactType: expectString(value, subject, path) } : {};
}

/** Go's encoders write `null` for an empty pointer, map or slice: the same as absent. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function parsePlatformMember(value: unknown, subject: string, path: string): Platform {
  return parsePlatformObject(expectObject(value, subject, path), subject, `${path}.`);
}

function expectSize(value: unknown, subject: string, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidInput(subject, `${path} is ${describeValue(value)}, not a number of bytes`);
}

/**
 * Reads the platform members of an object: a descriptor's `platform`, or an image config. `prefix` ends in a dot or is
 * empty. Go programs write an unknown architecture or os as an empty text, and images built from nothing have such.
 */
export function parsePlatformObject(object: JsonObject, subject: string, prefix = ''): Platform {
  const features = object['os.features'];
  return {
    architecture: parseOptionalText(object, 'architecture', subject, prefix).architecture ?? '',
    os: parseOptionalText(object, 'os', subject, prefix).os ?? '',
    ...parseOptionalText(object, 'variant', subject, prefix),
    ...parseOptionalText(object, 'os.version', subject, prefix),
    ...(isPresent(features) && {
      'os.features': expectStrings(features, subject, `${prefix}os.features`, MAX_ITEMS),
    }),
  };
}

function parseOptionalText<Member extends string>(
  object: JsonObject,
  member: Member,
  subject: string,
  prefix: string,
): { [Key in Member]?: string } {
  const value = object[member];
  if (!isPresent(value) || value === '') return {};
  const text = expectString(value, subject, `${prefix}${member}`);
  // A computed key widens to an index signature; the one member is the one declared.
  return { [member]: text } as { [Key in Member]?: string };
}
