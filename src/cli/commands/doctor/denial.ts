import { listNames } from '../../../foreign-text.ts';

/** A refusal of IAM, in its parts. */
export interface Denial {
  /** Such as `ecr-public:PutImage`. */
  readonly action: string;
  /** In a few words. */
  readonly text: string;
  /** True if a policy denies the action: then another policy that allows it is of no use. */
  readonly isExplicit: boolean;
}

const WORDS = /^User: (\S+) is not authorized to perform: (\S+)(?: on resource: (\S+))?(.*)$/s;

/** Reads the message of an AccessDeniedException. `calledAction` is that of the operation that was called. Source of the form: user guide, "Troubleshooting identity". */
export function readDenial(message: string, calledAction: string): Denial {
  const [, user, action, resource, reason = ''] = WORDS.exec(message) ?? [];
  const isExplicit = /explicit deny/.test(user === undefined ? message : reason);
  if (user === undefined || action === undefined) {
    return { action: calledAction, text: message, isExplicit };
  }
  const what = resource === undefined ? action : `${action} on ${resource}`;
  const text = isExplicit ? `a policy denies ${user} ${what}` : `no policy allows ${user} ${what}`;
  return { action, text, isExplicit };
}

/** Says how to get permissions. `resource` is what they are for; `managedPolicy` has all of them. */
export function adviseOnDenials(denials: readonly Denial[], resource: string, managedPolicy: string): string {
  const explicit = denials.filter(({ isExplicit }) => isExplicit);
  if (explicit.length > 0) {
    const actions = listNames(explicit.map(({ action }) => action));
    return `Remove the statement that denies ${actions}: allowing it elsewhere does not help.`;
  }
  const actions = listNames(denials.map(({ action }) => action));
  return `Allow ${actions} on ${resource}, or attach the managed policy ${managedPolicy}.`;
}
