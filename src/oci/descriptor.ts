import { type Digest, digestOf, isDigest } from './digest.ts';
import {
  describeValue,
  expectArray,
  expectObject,
  expectString,
  expectStrings,
  invalidInput,
  isPresent,
  MAX_ITEMS,
  nameSubject,
} from './json.ts';
import { type Platform, parsePlatformObject } from './platform.ts';

/** OCI content descriptor. `size` is in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
  readonly artifactType?: string;
  /** The content itself, in base64. */
  readonly data?: string;
}

/** Content of a blob. `size` is in bytes. */
export interface Content {
  readonly digest: Digest;
  readonly size: number;
}

/** Parses a content descriptor. Ignores unknown members, as the image specification demands. */
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
    ...(isPresent(object.data) && { data: expectString(object.data, subject, `${path}.data`) }),
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
  // The loop above has checked every value. The keys are foreign, hence the null prototype.
  return Object.assign(Object.create(null), Object.fromEntries(entries)) as Record<string, string>;
}

/** Parses an `artifactType`. Some tools write an empty text for none. */
export function parseArtifactType(value: unknown, subject: string, path: string): { artifactType?: string } {
  return isPresent(value) && value !== '' ? { artifactType: expectString(value, subject, path) } : {};
}

function parsePlatformMember(value: unknown, subject: string, path: string): Platform {
  return parsePlatformObject(expectObject(value, subject, path), subject, `${path}.`);
}

function expectSize(value: unknown, subject: string, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalidInput(subject, `${path} is ${describeValue(value)}, not a number of bytes`);
}

/**
 * Throws INVALID_INPUT, naming both sizes or both digests, if the bytes are not the content described.
 * @param origin Named in the message, e.g. the path of the archive.
 */
export function verifyContent(bytes: Buffer, descriptor: Content, origin?: string): void {
  const subject = nameSubject(`blob ${descriptor.digest}`, origin);
  if (bytes.length !== descriptor.size) {
    const problem = `it should be ${descriptor.size} bytes long, but there are ${bytes.length}`;
    throw invalidInput(subject, problem);
  }
  const found = digestOf(bytes);
  if (found !== descriptor.digest) {
    throw invalidInput(subject, `its bytes have another digest, ${found}`);
  }
}
