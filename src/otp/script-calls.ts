/** The one table of what a read-only script may call on a node. */

/** Modules whose functions compute and have no effect; the funs given to them are the script's own. */
export const PURE_MODULES: ReadonlySet<string> = new Set(["lists", "maps"]);

/** Functions of the runtime that are called without a module. */
export const LOCAL_CALLS: ReadonlySet<string> = new Set([
  ...["byte_size/1", "is_atom/1", "is_binary/1", "is_list/1", "is_map/1"],
  ...["element/2", "tuple_size/1", "length/1", "max/2", "min/2", "node/0", "node/1", "self/0"],
  ...["is_integer/1"],
  ...["is_pid/1", "is_port/1", "is_map_key/2", "is_tuple/1", "atom_to_list/1", "hd/1"],
  ...["process_info/2", "processes/0", "registered/0", "whereis/1"],
]);

/** Functions with a module that only read. */
export const REMOTE_CALLS: ReadonlySet<string> = new Set([
  ...["erlang:monotonic_time/1", "erlang:memory/0", "erlang:statistics/1"],
  ...["erlang:system_info/1", "erlang:get_module_info/2"],
  ...["erlang:ports/0", "erlang:port_info/2", "inet:sockname/1", "inet:getopts/2"],
  ...["erlang:check_old_code/1", "erlang:check_process_code/2"],
  ...[
    "application:get_all_env/1",
    "application:get_application/1",
    "application:get_key/2",
    "application:which_applications/1",
  ],
  ...["application_controller:get_master/1", "application_master:get_child/1"],
  ...["code:all_loaded/0", "code:is_loaded/1", "code:where_is_file/1", "binary:match/2"],
  ...["ets:info/2", "ets:match/2", "inet:sockname/1", "binary:part/3"],
  ...["erlang:binary_to_term/1", "erlang:nodes/1", "code:get_mode/0", "code:get_path/0"],
  ...["erlang:term_to_binary/2", "binary:compile_pattern/1", "binary:matches/2", "binary:part/2"],
  "erlang:phash2/2",
  ...["ets:all/0"],
  // The files of a release, and what surrounds the node.
  ...["beam_lib:md5/1", "file:consult/1", "file:list_dir/1", "file:read_file/1"],
  ...["file:read_file_info/2", "os:getenv/1", "init:script_id/0", "disksup:get_disk_data/0"],
  ...["beam_lib:chunks/3", "filelib:file_size/1"],
  ...["proc_lib:translate_initial_call/1"],
  // Questions to processes: which ones, the next table says.
  ...["gen_server:send_request/2", "gen_server:wait_response/2"],
  ...["gen:send_request/3", "gen:wait_response/2"],
]);

/** Of calls that ask a process: the questions, literal in the script, that only read. */
export const LITERAL_REQUESTS: Readonly<Record<string, readonly string[]>> = {
  "gen_server:send_request/2": ["which_children", "count_children"],
  // What the release handler asks children whose modules are dynamic; for those that gen_event started only.
  "gen:send_request/3": ["system get_status", "system get_state", "release_handler get_modules"],
};
