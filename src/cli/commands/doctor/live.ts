import type { CommandContext } from '../../command-context.ts';
import { chooseDisplay } from '../../progress/waiting.ts';
import { describeWait } from '../../progress/waits.ts';

/**
 * Shows the check under way on a terminal, and what it waits for, until the returned function is called. Elsewhere long waits are printed
 * as in other commands.
 */
export async function showCheck(context: CommandContext, name: string): Promise<() => void> {
  const { io, options, style, waiting } = context;
  if (chooseDisplay(io, options) !== 'live') return () => undefined;
  const [{ drawLive }, { wrapWords }] = await Promise.all([
    import('../../progress/live-lines.ts'),
    import('../../progress/fit-text.ts'),
  ]);
  const lines = drawLive(io, style.color, ({ columns }) => {
    const wait = waiting.find();
    const text = wait === undefined ? `Checking ${name}` : `Checking ${name}. ${describeWait(wait)}`;
    return wrapWords(text, Math.max(1, columns - 3), 2).join('\n  ');
  });
  const takeBack = waiting.handOver(lines.pause);
  return () => {
    lines.stop();
    takeBack();
  };
}
