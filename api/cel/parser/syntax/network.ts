import { type TokenType, tokenTypes } from '../lexer.ts';
import { grammar, type Lookahead, type RuleName, type Sequence } from './grammar.ts';

/** A place in the grammar. */
export interface State {
  readonly id: number;
  readonly kind: 'basic' | 'stop' | 'block' | 'loop-entry' | 'loop-back';
  readonly edges: Edge[];
}

export type Edge =
  | { readonly kind: 'epsilon'; readonly target: State }
  | { readonly kind: 'token'; readonly target: State; readonly types: readonly TokenType[] }
  | { readonly kind: 'precedence'; readonly target: State; readonly precedence: number }
  | { readonly kind: 'rule'; readonly target: State; readonly rule: RuleName };

/** What a parser does at a place. */
export type Action =
  | { readonly kind: 'token'; readonly state: State; readonly types: readonly TokenType[] }
  | { readonly kind: 'rule'; readonly state: State; readonly name: RuleName; readonly precedence: number }
  | { readonly kind: 'optional'; readonly state: State; readonly body: Actions }
  | {
      readonly kind: 'star' | 'plus';
      readonly state: State;
      readonly loopBack: State;
      readonly body: Actions;
      readonly lookahead: Lookahead;
      /** Set for the loop of a left-recursive rule: its steps depend on the precedence. */
      readonly leftRecursive: boolean;
    }
  | {
      readonly kind: 'choice';
      readonly state: State;
      readonly alternatives: readonly Actions[];
      readonly lookahead: Lookahead;
    };

export type Actions = readonly Action[];

export interface Network {
  readonly actions: ReadonlyMap<RuleName, Actions>;
  readonly start: ReadonlyMap<RuleName, State>;
  /** The rule that a stop state ends. */
  readonly endOf: ReadonlyMap<State, RuleName>;
  /** Where parsing may go on after a rule, over all places that call it. */
  readonly follow: ReadonlyMap<RuleName, readonly State[]>;
}

export function buildNetwork(): Network {
  let states = 0;
  const newState = (kind: State['kind'] = 'basic'): State => ({ id: states++, kind, edges: [] });
  const follow = new Map<RuleName, State[]>();
  const actions = new Map<RuleName, Actions>();
  const start = new Map<RuleName, State>();
  const endOf = new Map<State, RuleName>();
  const epsilon = (from: State, target: State) => from.edges.push({ kind: 'epsilon', target });

  /** Adds a sequence from one state to another. */
  const sequence = (elements: Sequence, from: State, to: State): Actions => {
    let at = from;
    return elements.map((element, index) => {
      const next = index === elements.length - 1 ? to : newState();
      const action = add(element, at, next);
      at = next;
      return action;
    });
  };

  const add = (element: Sequence[number], from: State, to: State): Action => {
    switch (element.kind) {
      case 'token':
        from.edges.push({ kind: 'token', types: element.types, target: to });
        return { kind: 'token', state: from, types: element.types };
      case 'rule': {
        from.edges.push({ kind: 'rule', rule: element.name, target: to });
        follow.set(element.name, [...(follow.get(element.name) ?? []), to]);
        return { kind: 'rule', state: from, name: element.name, precedence: element.precedence };
      }
      case 'optional': {
        const [block, inner] = [newState('block'), newState()];
        epsilon(from, block);
        epsilon(block, inner);
        epsilon(block, to);
        return { kind: 'optional', state: block, body: sequence(element.body, inner, to) };
      }
      case 'star': {
        const loop = newLoop(from, to);
        const body = sequence(element.body, loop.inner, loop.back);
        return { ...loop.action, kind: 'star', body, lookahead: element.lookahead };
      }
      case 'plus': {
        const [block, back] = [newState('block'), newState('loop-back')];
        epsilon(from, block);
        const body = sequence(element.body, block, back);
        epsilon(back, block);
        epsilon(back, to);
        const { lookahead } = element;
        return { kind: 'plus', state: block, loopBack: back, body, lookahead, leftRecursive: false };
      }
      case 'choice': {
        const block = newState('block');
        epsilon(from, block);
        const alternatives = element.alternatives.map((each) => {
          const inner = newState();
          epsilon(block, inner);
          return sequence(each, inner, to);
        });
        return { kind: 'choice', state: block, alternatives, lookahead: element.lookahead };
      }
    }
  };

  const newLoop = (from: State, to: State) => {
    const [entry, inner, back] = [newState('loop-entry'), newState(), newState('loop-back')];
    epsilon(from, entry);
    epsilon(entry, inner);
    epsilon(entry, to);
    epsilon(back, entry);
    return { inner, back, action: { state: entry, loopBack: back, leftRecursive: false } };
  };

  for (const [key, rule] of Object.entries(grammar)) {
    const name = key as RuleName;
    const [first, stop] = [newState(), newState('stop')];
    start.set(name, first);
    endOf.set(stop, name);
    if (!('steps' in rule)) {
      actions.set(name, sequence(rule, first, stop));
      continue;
    }
    const afterFirst = newState();
    const loop = newLoop(afterFirst, stop);
    const alternatives = rule.steps.map(({ precedence, body }) => {
      const [guard, inner] = [newState(), newState()];
      epsilon(loop.inner, guard);
      guard.edges.push({ kind: 'precedence', precedence, target: inner });
      return sequence(body, inner, loop.back);
    });
    const [only, second] = alternatives;
    const body: Actions =
      second === undefined && only !== undefined
        ? only
        : [{ kind: 'choice', state: loop.inner, alternatives, lookahead: 'any' }];
    actions.set(name, [
      ...sequence(rule.first, first, afterFirst),
      { ...loop.action, kind: 'star', body, lookahead: 'any', leftRecursive: true },
    ]);
  }
  return { actions, start, endOf, follow };
}

export type Expected = ReadonlySet<TokenType | 'end of rule'>;

/** Tokens that may come at a state, as far as its rule goes. */
export function tokensAt(network: Network, state: State): Expected {
  const found = new Set<TokenType | 'end of rule'>();
  const seen = new Set<State>();
  // A rule's own beginning is looked into; no rule of the grammar may be empty.
  const visit = (at: State, depth: number) => {
    if (seen.has(at)) return;
    seen.add(at);
    if (at.kind === 'stop' && depth === 0) found.add('end of rule');
    for (const edge of at.edges) {
      if (edge.kind === 'token') for (const type of edge.types) found.add(type);
      else if (edge.kind !== 'rule') visit(edge.target, depth);
      else visit(startOf(network, edge.rule), depth + 1);
    }
  };
  visit(state, 0);
  return found;
}

export function startOf(network: Network, rule: RuleName): State {
  const state = network.start.get(rule);
  if (state === undefined) throw new Error(`no rule ${rule}`);
  return state;
}

/** As messages list them. */
export function listTokens(types: Expected): string {
  const names = tokenTypes.filter((type) => types.has(type));
  return names.length === 1 ? `${names[0]}` : `{${names.join(', ')}}`;
}
