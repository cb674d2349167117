import type { Issue } from '../../source.ts';
import { type Token, type TokenType, visible } from '../lexer.ts';
import type { RuleName } from './grammar.ts';
import {
  type Action,
  type Actions,
  buildNetwork,
  type Expected,
  listTokens,
  type Network,
  type State,
  tokensAt,
} from './network.ts';
import { predict, type Stack } from './prediction.ts';

/**
 * Parses what is no expression, as a generated parser of upstream's would: each error is named, and parsing goes
 * on behind it. Costs far more than the quick parser and is used for nothing but messages.
 */
export function recover(text: string, tokens: readonly Token[]): Recovered {
  const network = buildNetwork();
  const parser: Recovering = {
    text,
    tokens,
    network,
    issues: [],
    tree: { rule: 'start', first: firstOf(tokens), chosen: 0, children: [] },
    index: 0,
    state: undefined,
    calls: undefined,
    recovering: false,
    lastErrorIndex: -1,
    lastErrorStates: new Set(),
    attempts: 0,
  };
  try {
    runRule(parser, 'start', 0);
    return { issues: parser.issues, tree: parser.tree };
  } catch (error) {
    if (!(error instanceof RecoveryLimit)) throw error;
    return { issues: parser.issues, tree: undefined };
  }
}

function firstOf(tokens: readonly Token[]): Token {
  const [first] = tokens;
  if (first === undefined) throw new Error('tokens end with the end');
  return first;
}

/** What a rule took, as far as it came. A step of a left-recursive rule is a tree of its own, of the same rule. */
export interface Tree {
  readonly rule: RuleName;
  readonly first: Token;
  /** The alternative that was taken, from 1; 0 when it came to none or there is only one. */
  chosen: number;
  readonly children: (Token | Tree)[];
}

export interface Recovered {
  readonly issues: readonly Issue[];
  /** undefined when there were too many errors. */
  readonly tree: Tree | undefined;
}

interface Recovering {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly network: Network;
  readonly issues: Issue[];
  /** Of the rule that is running. */
  tree: Tree;
  index: number;
  state: State | undefined;
  /** Where rules that are running go on. */
  calls: Stack | undefined;
  /** Set from an error to the next token that fits: nothing is reported in between. */
  recovering: boolean;
  lastErrorIndex: number;
  lastErrorStates: Set<State>;
  attempts: number;
}

class RecoveryLimit extends Error {
  override readonly name = 'RecoveryLimit';
}

/** Ends a rule; its caller goes on. */
class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly token: Token;

  constructor(token: Token, message: string) {
    super(message);
    this.token = token;
  }
}

const maxAttempts = 30;
const maxSkipped = 256;

function peek({ tokens, index }: Recovering, ahead = 0): Token {
  const token = tokens[Math.min(index + ahead, tokens.length - 1)];
  if (token === undefined) throw new Error('tokens end with the end');
  return token;
}

function consume(parser: Recovering): void {
  if (parser.index < parser.tokens.length - 1) parser.index++;
}

function runRule(parser: Recovering, name: RuleName, precedence: number): void {
  inTree(parser, name, () => {
    try {
      run(parser, parser.network.actions.get(name) ?? [], precedence);
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      if (!parser.recovering) {
        parser.recovering = true;
        report(parser, error.token, error.message);
      }
      skipAfterError(parser);
    }
  });
}

function inTree(parser: Recovering, rule: RuleName, within: () => void): void {
  const outer = parser.tree;
  const tree: Tree = { rule, first: peek(parser), chosen: 0, children: [] };
  outer.children.push(tree);
  parser.tree = tree;
  try {
    within();
  } finally {
    parser.tree = outer;
  }
}

function run(parser: Recovering, actions: Actions, precedence: number): void {
  for (const action of actions) step(parser, action, precedence);
}

function step(parser: Recovering, action: Action, precedence: number): void {
  parser.state = action.state;
  switch (action.kind) {
    case 'token':
      match(parser, action.types);
      break;
    case 'rule':
      callRule(parser, action.state, action.name, action.precedence);
      break;
    case 'optional':
      sync(parser);
      if (startsWith(parser, action.body)) run(parser, action.body, precedence);
      break;
    case 'choice': {
      sync(parser);
      const chosen = choose(parser, action);
      parser.tree.chosen = chosen;
      run(parser, action.alternatives[chosen - 1] ?? [], precedence);
      break;
    }
    case 'star':
      sync(parser);
      while (goesOn(parser, action, action.state, precedence)) {
        const body = () => run(parser, action.body, precedence);
        if (action.leftRecursive) inTree(parser, parser.tree.rule, body);
        else body();
        parser.state = action.loopBack;
        sync(parser);
      }
      break;
    case 'plus':
      sync(parser);
      do {
        run(parser, action.body, precedence);
        parser.state = action.loopBack;
        sync(parser);
      } while (goesOn(parser, action, action.loopBack, precedence));
  }
}

type Loop = Extract<Action, { kind: 'star' | 'plus' }>;

function goesOn(parser: Recovering, loop: Loop, state: State, precedence: number): boolean {
  if (loop.lookahead === 'one') return startsWith(parser, loop.body);
  return predictAt(parser, state, loop.leftRecursive ? precedence : undefined) === 1;
}

function choose(parser: Recovering, action: Extract<Action, { kind: 'choice' }>): number {
  if (action.lookahead === 'any') return predictAt(parser, action.state, undefined);
  const found = action.alternatives.findIndex((each) => startsWith(parser, each));
  if (found < 0) throw noViable(parser, 0);
  return found + 1;
}

function startsWith(parser: Recovering, body: Actions): boolean {
  const [first] = body;
  return first !== undefined && tokensAt(parser.network, first.state).has(peek(parser).type);
}

function predictAt(parser: Recovering, state: State, precedence: number | undefined): number {
  const decision = { state, precedence };
  const type = (ahead: number) => peek(parser, ahead).type;
  const prediction = predict(parser.network, decision, parser.calls, type);
  if (prediction.alternative === undefined) throw noViable(parser, prediction.ahead);
  return prediction.alternative;
}

function noViable(parser: Recovering, ahead: number): Mismatch {
  const [first, last] = [peek(parser), peek(parser, ahead)];
  const input = first.type === '<EOF>' ? '<EOF>' : visible(textOf(parser, ahead));
  // A word that is no name after a dot gets the older and kinder words.
  const word = /^.(true|false|null)$/s.exec(input)?.[1];
  const message =
    word === undefined
      ? `no viable alternative at input '${input}'`
      : `mismatched input '${word}' expecting IDENTIFIER`;
  return new Mismatch(last, message);
}

/** Tokens with the white space and comments between them; what is no token is left out. */
function textOf(parser: Recovering, ahead: number): string {
  let text = '';
  for (let index = 0; index <= ahead; index++) {
    const { type, offset, text: own } = peek(parser, index);
    if (index > 0) {
      const before = peek(parser, index - 1);
      const between = parser.text.slice(before.offset + before.text.length, offset);
      text += (between.match(/[\t \r\n\f]+|\/\/[^\n]*/g) ?? []).join('');
    }
    if (type !== '<EOF>') text += own;
  }
  return text;
}

function callRule(parser: Recovering, state: State, name: RuleName, precedence: number): void {
  const { calls } = parser;
  const target = state.edges[0]?.target;
  if (target === undefined) throw new Error('a rule is called from a state');
  parser.calls = { state: target, below: calls };
  runRule(parser, name, precedence);
  parser.calls = calls;
  parser.state = state;
}

function match(parser: Recovering, types: readonly TokenType[]): void {
  if (types.includes(peek(parser).type)) matched(parser);
  else {
    checkAttempts(parser);
    if (!deleteToken(parser)) {
      if (insertToken(parser)) return;
      throw mismatched(parser);
    }
  }
  parser.tree.children.push(peek(parser));
  consume(parser);
}

function matched(parser: Recovering): void {
  parser.recovering = false;
  parser.lastErrorIndex = -1;
  parser.lastErrorStates = new Set();
}

/** Skips one token when the one behind it fits. */
function deleteToken(parser: Recovering): boolean {
  if (!expectedTokens(parser).has(peek(parser, 1).type)) return false;
  reportUnwanted(parser);
  consume(parser);
  matched(parser);
  return true;
}

function reportUnwanted(parser: Recovering): void {
  if (parser.recovering) return;
  parser.recovering = true;
  const token = peek(parser);
  const expected = listTokens(expectedTokens(parser));
  report(parser, token, `extraneous input ${display(token)} expecting ${expected}`);
}

/** Goes on as if the wanted token were there, when the current one fits behind it. */
function insertToken(parser: Recovering): boolean {
  const next = parser.state?.edges[0]?.target;
  const token = peek(parser);
  if (next === undefined || !expectedAt(parser, next).has(token.type)) return false;
  if (parser.recovering) return true;
  parser.recovering = true;
  const expected = listTokens(expectedTokens(parser));
  report(parser, token, `missing ${expected} at ${display(token)}`);
  return true;
}

function mismatched(parser: Recovering): Mismatch {
  const token = peek(parser);
  const expected = listTokens(expectedTokens(parser));
  return new Mismatch(token, `mismatched input ${display(token)} expecting ${expected}`);
}

/** Before a block or a loop: a token that cannot come next is dealt with here. */
function sync(parser: Recovering): void {
  const { state, network } = parser;
  if (parser.recovering || state === undefined) return;
  const expected = tokensAt(network, state);
  if (expected.has('end of rule') || expected.has(peek(parser).type)) return;
  if (state.kind === 'loop-back') {
    reportUnwanted(parser);
    skipUntil(parser, new Set([...expectedTokens(parser), ...recoveryTokens(parser)]));
    return;
  }
  if (!deleteToken(parser)) throw mismatched(parser);
}

function skipAfterError(parser: Recovering): void {
  checkAttempts(parser);
  const { state } = parser;
  if (parser.lastErrorIndex === parser.index && state && parser.lastErrorStates.has(state)) {
    consume(parser);
  }
  parser.lastErrorIndex = parser.index;
  if (state !== undefined) parser.lastErrorStates.add(state);
  skipUntil(parser, recoveryTokens(parser));
}

function skipUntil(parser: Recovering, wanted: Expected): void {
  for (let skipped = 0; peek(parser).type !== '<EOF>' && !wanted.has(peek(parser).type); skipped++) {
    if (skipped >= maxSkipped) {
      const message = `error recovery token lookahead limit exceeded: ${maxSkipped}`;
      parser.issues.push({ offset: -1, message });
      throw new RecoveryLimit();
    }
    consume(parser);
  }
}

function checkAttempts(parser: Recovering): void {
  if (parser.attempts++ < maxAttempts) return;
  report(parser, peek(parser), `error recovery attempt limit exceeded: ${maxAttempts}`);
  throw new RecoveryLimit();
}

/** What may come behind any rule that is running. */
function recoveryTokens(parser: Recovering): Expected {
  const tokens = new Set<TokenType | 'end of rule'>();
  for (let call = parser.calls; call !== undefined; call = call.below) {
    for (const type of tokensAt(parser.network, call.state)) tokens.add(type);
  }
  tokens.delete('end of rule');
  return tokens;
}

function expectedTokens(parser: Recovering): Expected {
  return parser.state === undefined ? new Set() : expectedAt(parser, parser.state);
}

function expectedAt(parser: Recovering, state: State): Expected {
  let found = tokensAt(parser.network, state);
  const expected = new Set(found);
  for (let call = parser.calls; call && found.has('end of rule'); call = call.below) {
    found = tokensAt(parser.network, call.state);
    for (const type of found) expected.add(type);
  }
  expected.delete('end of rule');
  if (found.has('end of rule')) expected.add('<EOF>');
  return expected;
}

function display(token: Token): string {
  return `'${visible(token.text)}'`;
}

function report(parser: Recovering, token: Token, message: string): void {
  parser.issues.push({ offset: token.offset, message: `Syntax error: ${message}` });
}
