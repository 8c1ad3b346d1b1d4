import { raceAbort } from '../../../async/abort.ts';
import type { Login } from '../../../docker/helper-protocol.ts';
import { EcrpError } from '../../../errors.ts';
import type { Io } from '../../../io.ts';

/** Longer than any token. */
const MAX_PASSWORD_CHARS = 64 * 1024;

export interface GivenLoginOptions {
  readonly fromUsername?: string;
  readonly fromPasswordStdin?: boolean;
  readonly fromProfile?: string;
}

/** Throws USAGE for a name without a password, for a password without a name, and for two logins. */
export function checkGivenLogin(options: GivenLoginOptions): void {
  const { fromUsername, fromPasswordStdin = false, fromProfile } = options;
  if (fromUsername !== undefined && fromProfile !== undefined) {
    throw new EcrpError('USAGE', '--from-username and --from-profile are two logins for one registry', {
      hint: 'Leave one of them out.',
    });
  }
  if ((fromUsername === undefined) === !fromPasswordStdin) return;
  throw new EcrpError(
    'USAGE',
    fromPasswordStdin
      ? '--from-password-stdin gives a password without a name'
      : '--from-username gives a name without a password',
    { hint: 'Give --from-username NAME and --from-password-stdin together.' },
  );
}

/** Reads the password of `--from-username` from standard input, without the line break at its end. Throws USAGE for none. */
export async function readGivenLogin(
  io: Io,
  { fromUsername: username }: GivenLoginOptions,
): Promise<Login | undefined> {
  if (username === undefined) return undefined;
  const secret = (await raceAbort(readText(io), io.signal)).replace(/\r?\n$/, '');
  const problem =
    secret === '' ? 'it is empty' : secret.length > MAX_PASSWORD_CHARS ? 'it is too long' : undefined;
  if (problem === undefined) return { username, secret };
  throw new EcrpError('USAGE', `--from-password-stdin: no password on standard input: ${problem}`, {
    hint: 'Pipe the password in: printf %s "$PASSWORD" | ecrp copy … --from-password-stdin',
  });
}

async function readText({ stdin }: Io): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += String(chunk);
    if (text.length > 2 * MAX_PASSWORD_CHARS) break;
  }
  return text;
}
