import { tmpdir } from 'node:os';
import type { ImageSource } from '../../../ends/image-source.ts';
import type { LayerIntake } from '../../../ends/layer-intake.ts';
import type { OpenSourceOptions } from '../../../source/open-source.ts';
import type { CommandContext } from '../../command-context.ts';
import { findSpoolLimit } from '../../directories.ts';
import type { PushRequest } from './request.ts';

/** A source that is read once, and whose layers are sent while it arrives. */
export interface Arrival {
  /** For messages. */
  readonly name: string;
  /** Names of its image, if they are known before it is read. */
  readonly names?: readonly string[];
  /** Reads the source to its end; the caller closes it. */
  receive(intake: LayerIntake): Promise<ImageSource>;
  /** Closes what `receive` has not read; idempotent. */
  close(): void;
}

/** A source that is open, or one whose layers can be sent while it arrives. */
export type BegunSource = { readonly source: ImageSource } | { readonly arrival: Arrival };

/** What an engine says before its archive arrives. */
export interface KnownBefore {
  /** Whether the names of the image are known. */
  readonly names: boolean;
  /** Whether the archive has the chosen platforms only. */
  readonly platforms: boolean;
}

/** Why the archive must be complete before anything may be sent. */
export function findObstacle(request: PushRequest, known?: KnownBefore): string | undefined {
  const { target, all, image, selection, dryRun, ifExists } = request;
  const { reference, tags } = target;
  if (reference === undefined && !known?.names) return 'without a REFERENCE, its end says where it goes';
  if ([reference ?? '', ...tags].some((text) => text.includes('@'))) {
    return 'the digest of the reference is compared before anything is sent';
  }
  const needing = [
    all && '--all',
    image !== undefined && '--image',
    selection.platforms.length > 0 && !known?.platforms && '--platform',
    selection.attestations === 'drop' && '--attestations drop',
    selection.referrers === 'drop' && '--referrers drop',
    dryRun && '--dry-run',
    ifExists !== 'overwrite' && `--if-exists ${ifExists}`,
  ];
  const given = needing.find((option) => typeof option === 'string');
  return given === undefined ? undefined : `${given} needs the whole of it`;
}

/** Throws USAGE as `findSpoolLimit`. */
export function findSourceOptions({ io }: CommandContext): OpenSourceOptions {
  const temporaryDirectory = io.env.TMPDIR || tmpdir();
  const maxSpoolBytes = findSpoolLimit(io, temporaryDirectory);
  return { signal: io.signal, temporaryDirectory, maxSpoolBytes };
}
