/** The Erlang that the scripts for Ranch share. */

/** Binds `Conns`: `{Ref, Supervisor}` of all supervisors of connections, one a listener before Ranch 2. */
export const RANCH: string = `
Conns = [{Ref, Pid} || [Ref, Pid] <- ets:match(ranch_server, {{conns_sup, '$1'}, '$2'})]
     ++ [{Ref, Pid} || [Ref, Pid] <- ets:match(ranch_server, {{conns_sup, '$1', '_'}, '$2'})],
`;
