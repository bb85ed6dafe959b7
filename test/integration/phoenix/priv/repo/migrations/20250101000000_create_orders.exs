defmodule Shop.Repo.Migrations.CreateOrders do
  use Ecto.Migration

  def change do
    create table(:orders) do
      add :item, :string, null: false
      add :quantity, :integer, null: false
      timestamps(type: :utc_datetime_usec)
    end
  end
end
