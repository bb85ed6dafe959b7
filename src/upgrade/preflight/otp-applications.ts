/** The applications of OTP. */

const OTP: ReadonlySet<string> = new Set([
  ...[
    "asn1",
    "common_test",
    "compiler",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "edoc",
    "eldap",
  ],
  ...[
    "erl_interface",
    "et",
    "eunit",
    "ftp",
    "hipe",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
  ],
  ...[
    "observer",
    "odbc",
    "os_mon",
    "parsetools",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
  ],
  ...["ssh", "ssl", "stdlib", "syntax_tools", "tftp", "tools", "wx", "xmerl"],
]);

/** Whether an application of this name belongs to OTP. */
export function isOtp(application: string): boolean {
  return OTP.has(application);
}
