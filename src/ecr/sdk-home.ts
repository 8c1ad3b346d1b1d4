import { homedir } from 'node:os';

/** A directory that cannot exist. */
const NOWHERE = '/dev/null';

/**
 * Gives the SDK a home directory without files when the user has neither HOME nor an entry in passwd. Otherwise the SDK throws
 * the system's error, even when it does not need the directory. After HOME it reads these two variables; nothing else does.
 */
export function provideSdkHome(): void {
  try {
    homedir();
  } catch {
    process.env.HOMEDRIVE = '';
    process.env.HOMEPATH = NOWHERE;
  }
}
