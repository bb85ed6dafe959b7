[
  import_deps: [:ecto, :ecto_sql, :phoenix],
  inputs: ["*.exs", "{build,config,lib,priv,versions}/**/*.{ex,exs}"]
]
