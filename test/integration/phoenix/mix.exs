defmodule Shop.MixProject do
  use Mix.Project

  # mix.exs is read for each run: the build's own helpers are scripts, and no part of the app.
  Code.require_file("build/hot.exs", __DIR__)
  if System.get_env("SHOP_DEPS_PATH"), do: Code.require_file("build/folder.exs", __DIR__)

  @versions ["0.1.0", "0.2.0"]

  def project do
    [
      app: :shop,
      version: version(),
      elixir: "~> 1.18",
      elixirc_paths: ["lib", "versions/#{version()}"],
      start_permanent: true,
      deps: deps(),
      releases: releases(Mix.env())
    ]
  end

  # An upgrade needs the release handler, which is part of sasl.
  def application do
    [mod: {Shop.Application, []}, extra_applications: [:logger, :runtime_tools, :sasl]]
  end

  def cli, do: [default_env: :prod]

  defp version do
    version = System.get_env("SHOP_VSN", hd(@versions))

    version in @versions ||
      Mix.raise("SHOP_VSN is #{version}, and the shop has #{inspect(@versions)}")

    version
  end

  # Only one of the two at a time, so that `e2e` cannot be built without its sandbox.
  defp releases(:e2e), do: [e2e: release(& &1)]
  defp releases(_env), do: [shop: release(&Shop.Build.Hot.complete/1)]

  defp release(complete) do
    [
      applications: [shop: :permanent],
      include_executables_for: [:unix],
      steps: [&Shop.Build.Hot.appup/1, :assemble, &Shop.Build.Hot.no_cookie/1, complete]
    ]
  end

  defp deps do
    [
      {:bandit, "1.12.4"},
      {:ecto_sql, "3.14.0"},
      {:jason, "1.4.5"},
      {:oban, "2.23.0"},
      {:phoenix, "1.8.9"},
      {:phoenix_ecto, "4.7.0"},
      {:phoenix_live_view, "1.1.28"},
      {:phoenix_pubsub, "2.2.0"},
      {:plug_cowboy, "2.7.5"},
      {:postgrex, "0.22.2"},
      {:telemetry, "1.4.1"}
    ]
  end
end
