import { homedir } from 'node:os';

/** A directory that cannot exist. */
const NOWHERE = '/dev/null';

/**
 * Gives the SDK a home directory without files where there is none: for a user without HOME and without an entry in passwd, the
 * SDK throws the system's error, even when it has no need of the directory. It asks these two next, which nothing else reads.
 */
export function provideSdkHome(): void {
  try {
    homedir();
  } catch {
    process.env.HOMEDRIVE = '';
    process.env.HOMEPATH = NOWHERE;
  }
}
