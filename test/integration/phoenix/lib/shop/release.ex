defmodule Shop.Release do
  @moduledoc "What is done without mix: `bin/shop eval 'Shop.Release.migrate()'`."

  @doc "Creates the database if it is missing, and brings it to the newest schema. Can be run again."
  def migrate do
    Application.load(:shop)
    for repo <- Application.fetch_env!(:shop, :ecto_repos), do: migrate(repo)
  end

  defp migrate(repo) do
    case repo.__adapter__().storage_up(repo.config()) do
      :ok -> :ok
      {:error, :already_up} -> :ok
    end

    {:ok, versions, _apps} = Ecto.Migrator.with_repo(repo, &unboxed(&1, repo.config()[:pool]))
    versions
  end

  # What is done in a sandbox is undone when the process ends.
  defp unboxed(repo, Ecto.Adapters.SQL.Sandbox = pool),
    do: pool.unboxed_run(repo, fn -> up(repo) end)

  defp unboxed(repo, _pool), do: up(repo)

  defp up(repo), do: Ecto.Migrator.run(repo, :up, all: true)
end
