import type { IdentitySource, PromptMfa } from '../ecr/credentials/source.ts';
import { EcrpError } from '../errors.ts';
import { askLine, isTerminal } from './ask-line.ts';
import type { CommandContext } from './command-context.ts';

/** Says which identity a command uses: with `--verbose`, and always when the named profile configures none. */
export function tellIdentity({ messages }: CommandContext, source: IdentitySource): void {
  const { description, passedProfile, kind, profile } = source;
  const text = `Credentials: ${description}`;
  messages.detail(text, { event: 'detail', message: text, source: kind, profile });
  if (passedProfile !== undefined) {
    messages.note(`The profile '${passedProfile}' configures no credentials; using ${description}.`);
  }
}

/** Asks for MFA codes where there is a terminal. */
export function prepareMfaPrompt(context: CommandContext): PromptMfa | undefined {
  if (!isTerminal(context)) return undefined;
  return async (serial, signal) => {
    const answer = (await askLine(context, `MFA code of ${serial}: `, signal))?.trim();
    if (answer) return answer;
    throw new EcrpError('AUTH', `no MFA code was given for ${serial}`, {
      hint: 'Run it again with the code at hand.',
    });
  };
}
