defmodule Shop.Build.Hot do
  @moduledoc """
  The steps of `mix release` that make it one which the release handler can upgrade.

  Of 0.1.0 they leave what it has to know of itself (`RELEASES`); of each later version a package with a relup,
  in the `releases` folder of 0.1.0.
  """

  @base "0.1.0"

  @doc "Puts our appup beside the compiled modules, from where the release takes it."
  def appup(release) do
    ebin = Mix.Project.compile_path()
    File.rm(Path.join(ebin, "shop.appup"))
    ours = Path.expand("appups/#{release.version}.appup")
    if File.exists?(ours), do: File.cp!(ours, Path.join(ebin, "shop.appup"))
    release
  end

  @doc "Takes out the cookie that mix has made up: a node gets its own when it starts."
  def no_cookie(release) do
    File.rm!(Path.join(release.path, "releases/COOKIE"))
    release
  end

  def complete(%{version: @base} = release) do
    rel = named_rel(release)
    folder = Path.join(release.path, "releases")
    # RELEASES has absolute paths. env.sh makes it of this where the release is started.
    [root, dir, rel] = Enum.map(["@ROOT@", folder, rel], &to_charlist/1)
    :ok = :release_handler.create_RELEASES(root, dir, rel, [])
    File.rename!(Path.join(folder, "RELEASES"), Path.join(folder, "RELEASES.in"))
    release
  end

  def complete(release) do
    base = System.get_env("SHOP_BASE", Path.join(Mix.Project.build_path(), "rel/shop"))
    rel = named_rel(release)
    relup(release, rel, base)
    package(release, rel, base)
    release
  end

  # The release handler looks for NAME-VSN.rel; mix names it NAME.rel in the version's folder.
  defp named_rel(release) do
    rel = Path.join(release.path, "releases/#{release.name}-#{release.version}.rel")
    File.cp!(Path.join(release.version_path, "#{release.name}.rel"), rel)
    rel
  end

  defp relup(release, rel, base) do
    [from, to] =
      for path <- [Path.join(base, "releases/shop-#{@base}"), Path.rootname(rel)],
          do: to_charlist(path)

    path = for root <- [release.path, base], do: to_charlist(Path.join(root, "lib/*/ebin"))
    options = [:silent, path: path, outdir: to_charlist(release.version_path)]

    case :systools.make_relup(to, [from], [from], options) do
      {:ok, _relup, _module, []} -> :ok
      other -> Mix.raise("No relup from #{@base} to #{release.version}: #{inspect(other)}")
    end
  end

  # Without ERTS: it is that of the base, or there would be no relup.
  defp package(release, rel, base) do
    file = Path.join(base, "releases/shop-#{release.version}.tar.gz")
    parts = ["lib", "releases/#{release.version}", "releases/#{Path.basename(rel)}"]

    entries =
      for part <- parts, do: {to_charlist(part), to_charlist(Path.join(release.path, part))}

    :ok = :erl_tar.create(to_charlist(file), entries, [:compressed])
    Mix.shell().info("* packed #{Path.relative_to_cwd(file)}")
  end
end
