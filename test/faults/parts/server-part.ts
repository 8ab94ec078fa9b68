/** Temporal or PostgreSQL, as the faults need it. */
export interface ServerPart extends AsyncDisposable {
  /** `host:port` */
  address: string;
  /** Ends it with SIGKILL. It stays down until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Stops it as an operator does, and starts it again. */
  restart(): Promise<void>;
  /** Lets it stand still until the returned function is called. */
  pause(): Promise<() => Promise<void>>;
}
