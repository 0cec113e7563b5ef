/// <reference types="node" />
import { EventEmitter } from 'node:events';

export type CodeName = keyof typeof Code;
export type ActionName = keyof typeof Action;
export type StateName = keyof typeof GrantState;
/** A flag's name; flags of a later library are `UNKNOWN_` and their bit. */
export type FlagName = keyof typeof Flag | `UNKNOWN_${number}`;
export type LogLevelName = keyof typeof LogLevel;

/** How long an operation may take. A time-out or cancel past the first byte of a token request ends the call, never the exchange. */
export interface Waiting {
  /** Its reason is what the Promise is rejected with. */
  signal?: AbortSignal;
  /** Infinity waits without limit. */
  timeoutMs?: number;
}

export interface ClientOptions {
  store: FileStore | MemoryStore | Store;
  /** Encrypts records with keys that are kept elsewhere. */
  seal?: Seal;
  /** ecobee's application key. Needed to authorize for the first time. */
  clientId?: string;
  scope?: string;
  /** Default https://api.ecobee.com */
  baseUrl?: string;
  /** A file or hashed folder of CA certificates to trust instead of the system's. NODE_EXTRA_CA_CERTS is Node's alone. */
  caFile?: string;
  proxy?: string;
  userAgent?: string;
  tokenFormat?: string;
  verificationUrl?: string;
  requestTimeoutMs?: number;
  connectTimeoutMs?: number;
  shutdownTimeoutMs?: number;
  /** First and last percent of a token's life between which it is refreshed in the background. */
  advisoryWindow?: readonly [firstPercent: number, lastPercent: number];
  mandatoryWindow?: readonly [minLeftMs: number, leftPercent: number];
  /** Log lines up to this level are emitted as `log`. */
  logLevel?: LogLevelName;
  keepFresh?: keyof typeof KeepFresh;
  role?: keyof typeof Role;
  polling?: keyof typeof Polling;
  parameterStyle?: keyof typeof ParameterStyle;
}

export interface ClientEvents {
  pin: [pin: Pin];
  progress: [progress: { readonly account: string; readonly remainingMs: number }];
  state: [change: { readonly account: string; readonly state: StateName; readonly flags: readonly FlagName[]; readonly generation: number;
    readonly error: EcoauthError | null }];
  token: [token: { readonly account: string; readonly generation: number }];
  log: [line: { readonly level: LogLevelName; readonly text: string; readonly dropped: number }];
  unsaved: [unsaved: Unsaved];
  closed: [];
  /** What a listener has thrown. Without a listener for it, it is an uncaught exception. */
  error: [error: unknown];
}

/** One application: client id, server, store. */
export class Client extends EventEmitter {
  constructor(options: ClientOptions);
  /** A handle on the account `key`, "default" when not given. Several handles on one key share everything. */
  account(key?: string): Account;
  /** The names of the accounts that the store has records of. */
  accounts(options?: { timeoutMs?: number }): Promise<string[]>;
  /** Starts nothing new from now on, and waits until running exchanges have finished and everything is saved. */
  quiesce(options?: { timeoutMs?: number }): Promise<void>;
  /** Ends the client: running exchanges are finished and saved, what waits ends with an error. */
  close(): Promise<void>;
  readonly closed: boolean;
  /** Operations no longer keep the process from ending by itself. */
  unref(): this;
  ref(): this;
  on<Name extends keyof ClientEvents>(event: Name, listener: (...values: ClientEvents[Name]) => void): this;
  once<Name extends keyof ClientEvents>(event: Name, listener: (...values: ClientEvents[Name]) => void): this;
  off<Name extends keyof ClientEvents>(event: Name, listener: (...values: ClientEvents[Name]) => void): this;
  [Symbol.asyncDispose](): Promise<void>;
}

/** One user's grant under a name. */
export class Account {
  private constructor();
  /** Gets a PIN, shows it by the client's event `pin`, and ends when the user has approved it. Waits without limit by default. */
  authorizePin(options?: Waiting): Promise<void>;
  /** An access token valid for at least `minValidMs` more. */
  token(options?: Waiting & { minValidMs?: number }): Promise<Token>;
  /** Refreshes now, whatever the token's age. */
  refresh(options?: Waiting): Promise<void>;
  /** An authorized API request; a refused token is refreshed and the request repeated once. */
  request(method: string, target: string, options?: Waiting & { body?: string | Uint8Array; contentType?: string;
    /** Beside those that the library sends itself. */
    headers?: Iterable<readonly [name: string, value: string]> | Record<string, string>;
    /** Default 4 MiB, at most 64. */
    maxResponseBytes?: number }): Promise<Response>;
  /** Forgets the grant, on disk too. False when there was none. */
  signOut(options?: Waiting): Promise<boolean>;
  /** The status, once its revision differs from `seenRevision`; with 0 once the store has been read. */
  waitForChange(seenRevision?: number, options?: Waiting): Promise<Status>;
  /** The address to open in a browser. */
  authorizeUrl(flow: keyof typeof Flow, redirectUri: string, options?: Waiting): Promise<string>;
  /** Takes the address to which the browser was sent back. */
  completeRedirect(redirectedUrl: string, options?: Waiting): Promise<void>;
  /** Brings a refresh token from elsewhere under the library's care. */
  importToken(refreshToken: string, options?: Waiting): Promise<void>;
  /** The access token in memory; null when there is none or it has expired: then call token(). */
  tokenInMemory(): string | null;
  /** Counts token pairs, 0 without one. */
  readonly generation: number;
  /** The API refused the token of this generation. False when a newer one is there. Repeat the API call once. */
  reportRejected(generation: number): boolean;
  /** The user says "done": polls as soon as the interval allows. */
  checkNow(): void;
  status(): Status;
  /** The most recent failure; null after a success. */
  lastError(): EcoauthError | null;
  /** Ends this object; the grant is not touched. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface Status {
  readonly account: string;
  readonly state: StateName;
  /** Why the state is SUSPECT, NEEDS_REAUTHORIZATION or BLOCKED: the name of a result, else empty. */
  readonly reason: string;
  readonly flags: readonly FlagName[];
  /** Grows with every visible change; 0 while the store has not been read. */
  readonly revision: number;
  readonly generation: number;
  readonly tokenValidMs: number;
  readonly tokenAgeMs: number | null;
  readonly nextTryMs: number | null;
  readonly pinValidMs: number;
  readonly scopeGranted: string;
  readonly scopeAsked: string;
  readonly scopeSatisfied: boolean | null;
  readonly origin: string;
  readonly clientFingerprint: string;
  readonly store: string;
  readonly seal: string;
}

/** An access token. Its text forms do not show it. */
export class Token {
  private constructor();
  readonly accessToken: string;
  readonly authorizationHeader: string;
  readonly generation: number;
  readonly validMs: number;
  readonly scope: string;
  /** False: the newest token pair could not be saved yet; the library keeps trying. */
  readonly saved: boolean;
}

/** A PIN for a person's eyes. Its text forms do not show it. */
export class Pin {
  private constructor();
  readonly account: string;
  readonly pin: string;
  readonly verificationUrl: string;
  readonly remainingMs: number;
  readonly scope: string;
}

/** A token pair could not be saved; `record` is what the store would have got, a secret. */
export class Unsaved {
  private constructor();
  readonly account: string;
  readonly error: EcoauthError;
  readonly record: Buffer | undefined;
}

export class Response {
  private constructor();
  readonly httpStatus: number;
  readonly apiStatus: number | null;
  readonly contentType: string;
  readonly body: Buffer;
  text(): string;
  json(): any;
}

/** A store of the program's own. Methods are called in the loop, one at a time per account; a library worker waits for what they give. A
 *  record is a secret. What a method throws ends the call with a StorageError whose `cause` it is; RetryLater makes the library try again. */
export interface Store {
  /** The record; undefined or null when there is none. Damage must be thrown. */
  load(key: string): MaybePromise<Uint8Array | undefined | null>;
  /** Replaces the record if the stored one has `expectedSeq` (0: there is none), durably. False: it has another. */
  save(key: string, expectedSeq: number, record: Buffer, newSeq: number): MaybePromise<boolean | void>;
  /** Forgets the record, durably. */
  erase(key: string): MaybePromise<unknown>;
  /** The keys that have a record. */
  list?(): MaybePromise<Iterable<string>>;
  /** Takes the right to refresh this record for this process; false when another holds it. Must end with the process. */
  lock?(key: string, timeoutMs: number): MaybePromise<boolean | void>;
  /** Gives it back. */
  unlock?(key: string): MaybePromise<unknown>;
}

export type MaybePromise<T> = T | PromiseLike<T>;

/** Where keys come from: a function (32 bytes for an id, the current key for null; null when there is none), a file or descriptor of lines
 *  of 64 hex digits, or the user's keyring. */
export type Seal =
  | { keys: (keyId: string | null) => MaybePromise<Uint8Array | null | undefined> }
  | { file: string }
  | { fd: number }
  | { keyring: { label?: string; busAddress?: string } };

/** A folder with one file per record, shared safely between processes of one machine. */
export class FileStore {
  /** `allowNetwork` lets it refresh also on a network file system: only when one machine uses it. */
  constructor(folder: string, options?: { seal?: Seal; allowNetwork?: boolean });
  readonly folder: string;
}

/** Lasts as long as the client. */
export class MemoryStore {
  private readonly kind: 'memory';
}

/** Thrown by a store's method: failed for now, nothing was changed; the library tries again. */
export class RetryLater extends Error {}

/** A failed call, explained. The class says what a program can do. */
export class EcoauthError extends Error {
  protected constructor();
  /** The result's name, "PIN_EXPIRED"; "UNKNOWN" for one of a later library. */
  readonly code: CodeName | 'UNKNOWN';
  readonly number: number;
  readonly action: ActionName;
  /** What a person can do. */
  readonly advice: string;
  readonly retryAfterMs: number;
  readonly oauthError: string;
  readonly oauthDescription: string;
  readonly oauthUri: string;
  readonly httpStatus: number | null;
  readonly apiStatus: number | null;
}
/** Go on waiting; the library does it by itself. */
export class WaitError extends EcoauthError {}
/** Try again, not before `retryAfterMs`. */
export class RetryError extends EcoauthError {}
/** A person must authorize again. */
export class ReauthorizeError extends EcoauthError {}
/** A person must do what `advice` says. */
export class UserActionError extends EcoauthError {}
/** The configuration is wrong. */
export class ConfigError extends EcoauthError {}
/** The store needs attention. What a store of the program has thrown is its `cause`. */
export class StorageError extends EcoauthError {}
/** A defect: report it. */
export class DefectError extends EcoauthError {}
/** Ended by closing the client. */
export class AbortError extends EcoauthError {}
/** The time given to the call is over. */
export class TimeoutError extends EcoauthError {}
/** The client or account has been closed. */
export class ClosedError extends EcoauthError {}
/** The process forked after the client was made. */
export class ForkedError extends EcoauthError {}

/** Loads the library once for the process: from `file`, else from the file that ECOAUTH_LIBRARY names, else from this package, else the
 *  system's. Called by itself when first needed. Gives where it was loaded from. */
export function loadLibrary(file?: string): string;
export function libraryVersion(): string;
export function hasFeature(feature: string): boolean;
export function runtimeInfo(what: 'poco' | 'openssl' | 'poco-file' | 'openssl-file' | 'ca-certificates' | (string & {})): string | null;

export const Code: {
  readonly OK: 0; readonly ALREADY_DONE: 1; readonly PENDING: 2; readonly UNSAVED_BUT_USABLE: 3; readonly INVALID_ARGUMENT: -1;
  readonly WRONG_STATE: -2; readonly NO_MEMORY: -3; readonly INTERNAL: -4; readonly CANCELLED: -5; readonly TIMEOUT: -6;
  readonly REENTRANT: -7; readonly FORKED: -8; readonly CLOSED: -9; readonly UNSUPPORTED: -10; readonly NOT_FOUND: -11;
  readonly BUFFER_TOO_SMALL: -12; readonly NEEDS_AUTHORIZATION: -100; readonly PIN_EXPIRED: -101; readonly DECLINED: -102;
  readonly INVALID_CLIENT: -103; readonly UNAUTHORIZED_CLIENT: -104; readonly SCOPE: -105; readonly REJECTED: -106;
  readonly ACCOUNT_LOCKED: -107; readonly ACCOUNT_DISABLED: -108; readonly SERVER: -109; readonly RATE_LIMITED: -110;
  readonly REVOKED: -111; readonly PROTOCOL: -112; readonly NETWORK: -200; readonly TLS: -201; readonly CLOCK: -202;
  readonly CALLBACK: -300; readonly STORE: -301; readonly STORE_PERMISSION: -302; readonly STORE_LOCKED: -303;
  readonly STORE_CORRUPT: -304; readonly STORE_NEWER: -305; readonly STORE_FOREIGN: -306; readonly UNSAVED: -307;
};
export const Action: {
  readonly NONE: 0; readonly WAIT: 1; readonly RETRY: 2; readonly REAUTHORIZE: 3; readonly USER_ACTION: 4; readonly FIX_CONFIG: 5;
  readonly FIX_STORAGE: 6; readonly BUG: 7;
};
export const LogLevel: {
  readonly NONE: 0; readonly ERROR: 1; readonly WARNING: 2; readonly INFO: 3; readonly DEBUG: 4; readonly TRACE: 5;
};
export const GrantState: {
  readonly NONE: 0; readonly ACTIVE: 1; readonly SUSPECT: 2; readonly NEEDS_REAUTHORIZATION: 3; readonly BLOCKED: 4;
};
export const Flag: {
  readonly AUTHORIZING: 1; readonly REFRESHING: 2; readonly AMBIGUOUS: 4; readonly UNSAVED: 8; readonly DEGRADED: 16;
  readonly CLOCK_SUSPECT: 32;
};
export const KeepFresh: {
  readonly ON_DEMAND: 0; readonly ALWAYS: 1;
};
export const Role: {
  readonly OWNER: 0; readonly FOLLOWER: 1;
};
export const Polling: {
  readonly AUTO: 0; readonly ON_DEMAND: 1;
};
export const ParameterStyle: {
  readonly BODY: 0; readonly QUERY: 1;
};
export const Flow: {
  readonly CODE: 1; readonly CODE_PKCE: 2; readonly UTILITY: 3;
};
