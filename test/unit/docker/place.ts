import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** Makes a temporary place for docker's config, and credential helpers on its own PATH. */
export interface Place {
  readonly root: string;
  /** Does not exist yet. */
  readonly configDirectory: string;
  readonly configFile: string;
  readonly registryHost: string;
  readonly env: Record<string, string>;
  /** Writes a shell script `docker-credential-<name>`; its `$1` is the verb. */
  addHelper(name: string, script: string): Promise<void>;
  writeConfig(text: string): Promise<void>;
}

export function usePlace(): () => Place {
  let place: Place | undefined;
  beforeEach(async () => {
    place = await makePlace();
  });
  afterEach(() => rm(place?.root ?? '', { recursive: true, force: true }));
  return () => {
    if (!place) throw new Error('a place is there during a test only');
    return place;
  };
}

async function makePlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'ecrp-docker-'));
  const programs = join(root, 'programs');
  const configDirectory = join(root, 'home', '.docker');
  const configFile = join(configDirectory, 'config.json');
  await mkdir(programs);
  return {
    root,
    configDirectory,
    configFile,
    registryHost: 'public.ecr.aws',
    env: { PATH: `${programs}:/usr/bin:/bin` },
    async addHelper(name, script) {
      const path = join(programs, `docker-credential-${name}`);
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
    },
    async writeConfig(text) {
      await mkdir(configDirectory, { recursive: true });
      await writeFile(configFile, text);
    },
  };
}
