defmodule Shop.Build.Folder do
  @moduledoc """
  Takes every dependency, whoever asks for it, from `SHOP_DEPS_PATH/NAME`: a build without Hex.

  Mix checks the versions it finds there against all requirements. Nothing is fetched, and nothing written into the folder.
  """

  @behaviour Mix.SCM

  @impl true
  def fetchable?, do: true

  @impl true
  def format(options), do: options[:dest]

  @impl true
  def format_lock(_options), do: nil

  @impl true
  def accepts_options(app, options) do
    folder = Path.expand(System.fetch_env!("SHOP_DEPS_PATH"))
    if !options[:path], do: Keyword.put(options, :dest, Path.join(folder, to_string(app)))
  end

  @impl true
  def checked_out?(options), do: File.dir?(options[:dest])

  @impl true
  def lock_status(_options), do: :ok

  @impl true
  def equal?(one, other), do: one[:dest] == other[:dest]

  @impl true
  def managers(_options), do: []

  @impl true
  def checkout(options), do: Mix.raise("No source of the dependency in #{options[:dest]}")

  @impl true
  def update(options), do: checkout(options)
end

# Before git, which a rebar.config may name.
Mix.SCM.prepend(Shop.Build.Folder)
