import { EcrpError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { expectString, expectStrings, isPresent, MAX_ITEMS } from './json.ts';

/** OCI platform object; `os.version` and `os.features` keep the specification's spelling. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
}

/** Formats `os/architecture[/variant]`, e.g. `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** Parses `os/architecture[/variant]`. Throws USAGE for anything else. */
export function parsePlatform(text: string): Platform {
  const match = /^([a-z0-9]+)\/([a-z0-9_]+)(?:\/([a-z0-9.]+))?$/.exec(text);
  const [, os, architecture, variant] = match ?? [];
  if (os === undefined || architecture === undefined) {
    throw new EcrpError('USAGE', `${JSON.stringify(text)} is not a platform`, {
      hint: 'Write os/architecture or os/architecture/variant, e.g. linux/amd64 or linux/arm64/v8.',
    });
  }
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

/** Variants of architectures that name none. Source: containerd. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/** True if an image for `found` fits the platform asked for. A platform without a variant asks for all variants. */
export function matchesPlatform(found: Platform, asked: Platform): boolean {
  if (found.os !== asked.os || found.architecture !== asked.architecture) return false;
  const variant = found.variant ?? DEFAULT_VARIANTS[found.architecture];
  return asked.variant === undefined || asked.variant === variant;
}

/**
 * Identifies a platform: an index lists one image for it. Images without a variant have the usual one, and versions of Windows are the
 * same up to the build, because any revision of a build runs them. Source: containerd.
 */
export function identifyPlatform(platform: Platform): string {
  const { os, architecture } = platform;
  const variant = platform.variant ?? DEFAULT_VARIANTS[architecture] ?? '';
  const version = platform['os.version'] ?? '';
  const build = os === 'windows' ? version.split('.').slice(0, 3).join('.') : version;
  return [os, architecture, variant, build, ...(platform['os.features'] ?? []).toSorted()].join('\n');
}

/**
 * Parses the platform members of a descriptor's `platform` or of an image config. Go programs write an empty text for an unknown
 * architecture or OS, e.g. in images built from scratch.
 * @param prefix Stands before the members' names in messages: empty, or ending in a dot.
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
  // A computed key widens to an index signature; this object has the declared member only.
  return { [member]: text } as { [Key in Member]?: string };
}
