import type { Resolver } from './resolver.ts';

/** How often what was asked and answered. */
export interface DnsCounts {
  readonly requests: Map<string, number>;
  readonly responses: Map<string, number>;
}

export function counted(resolve: Resolver, { requests, responses }: DnsCounts): Resolver {
  const count = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  return async (question) => {
    // Unknown ones have numbers, of which there are many.
    count(requests, /^[A-Z]+$/.test(question.type) ? question.type : 'other');
    try {
      const reply = await resolve(question);
      count(responses, reply.code);
      return reply;
    } catch (error) {
      count(responses, 'SERVFAIL');
      throw error;
    }
  };
}
