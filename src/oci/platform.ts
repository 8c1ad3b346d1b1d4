import { EcrpError } from '../errors.ts';
import type { Platform } from './descriptor.ts';

/** Writes `os/architecture[/variant]`, as in `linux/arm64/v8`. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** Reads `os/architecture[/variant]`. Throws USAGE when it is none. */
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

/** What an architecture is without a variant; so containerd reads it. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/** Whether an image for `found` is one of those asked for; a platform without a variant asks for all its variants. */
export function matchesPlatform(found: Platform, asked: Platform): boolean {
  if (found.os !== asked.os || found.architecture !== asked.architecture) return false;
  const variant = found.variant ?? DEFAULT_VARIANTS[found.architecture];
  return asked.variant === undefined || asked.variant === variant;
}
