import type { Attributes, Authorizer, Decision, Rules } from './authorizer.ts';

/** Members of `system:masters` may do everything. */
export const allowMasters: Authorizer = {
  authorize: ({ user }) => ({ decision: user.groups.includes('system:masters') ? 'allow' : 'noOpinion', reason: '' }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

/** The first that has an opinion decides; nobody's opinion refuses, with everybody's reasons. Upstream: union. */
export function unionOf(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize: (asked) => decide(authorizers, 0, asked, []),
    async rulesFor(user, namespace) {
      const all: Rules[] = [];
      for (const authorizer of authorizers) all.push(await authorizer.rulesFor(user, namespace));
      const errors = [...new Set(all.flatMap(({ error }) => error ?? []))];
      return {
        resourceRules: all.flatMap(({ resourceRules }) => resourceRules),
        nonResourceRules: all.flatMap(({ nonResourceRules }) => nonResourceRules),
        incomplete: all.some(({ incomplete }) => incomplete),
        ...(errors.length === 0 ? {} : { error: errors.length === 1 ? `${errors[0]}` : `[${errors.join(', ')}]` }),
      };
    },
  };
}

/** Synchronous as long as the authorizers are: most requests are decided within a microsecond. */
function decide(
  authorizers: readonly Authorizer[],
  from: number,
  asked: Attributes,
  reasons: readonly string[],
): Decision | Promise<Decision> {
  let collected = reasons;
  for (let i = from; i < authorizers.length; i++) {
    const decision = (authorizers[i] as Authorizer).authorize(asked);
    if (decision instanceof Promise) {
      const before = collected;
      return decision.then((late) =>
        late.decision === 'noOpinion' ? decide(authorizers, i + 1, asked, withReason(before, late)) : late,
      );
    }
    if (decision.decision !== 'noOpinion') return decision;
    collected = withReason(collected, decision);
  }
  return { decision: 'noOpinion', reason: collected.join('\n') };
}

function withReason(reasons: readonly string[], { reason }: Decision): readonly string[] {
  return reason === '' ? reasons : [...reasons, reason];
}
