//! The cache: hits against a static file server, misses against the bare statement, how soon a change is known,
//! how much memory the bound means, and a mixed load.

mod hit;
mod invalidation;
mod memory;
mod miss;
mod mixed;
mod nginx;
mod scraped;

use anyhow::{Context, Result};
use rota_harness::environment::Environment;

use crate::fixture::{Fixture, Organisation};
use crate::report::Report;

/// Items: as many as the public benchmark whose mix is measured here.
const ITEMS: u32 = 50_000;

/// A watched table, and what is asked of it.
const ITEMS_SQL: &str = "
    CREATE TABLE items (
        item_id integer PRIMARY KEY, category integer NOT NULL, name text NOT NULL, quantity integer NOT NULL
    );
    INSERT INTO items
    SELECT number, number % 1000, 'item ' || number, 0 FROM generate_series(1, 50000) AS number;
    CREATE INDEX items_by_category ON items (category, item_id);
    ANALYZE items;
    SELECT rota.watch('items', '{item_id,category}');

    CREATE FUNCTION item(item_id integer) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT to_json(found) FROM items AS found WHERE found.item_id = item.item_id;
    END;
    SELECT rota.expose(
        'item'::regproc, 'GET', '/items/{item_id}', keyed_reads => '{\"public.items\": {\"item_id\": \"item_id\"}}'
    );

    CREATE FUNCTION items_of(category integer) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT json_agg(found) FROM (
            SELECT * FROM items WHERE items.category = items_of.category ORDER BY items.item_id LIMIT 50
        ) AS found;
    END;
    SELECT rota.expose(
        'items_of'::regproc, 'GET', '/categories/{category}',
        keyed_reads => '{\"public.items\": {\"category\": \"category\"}}'
    );

    CREATE FUNCTION change_item(item_id integer, quantity integer) RETURNS json LANGUAGE sql
    BEGIN ATOMIC
        UPDATE items SET quantity = change_item.quantity WHERE items.item_id = change_item.item_id
        RETURNING to_json(items);
    END;
    SELECT rota.expose('change_item'::regproc, 'PUT', '/items/{item_id}');

    CREATE FUNCTION put_item(item_id integer, category integer, quantity integer) RETURNS json LANGUAGE sql
    BEGIN ATOMIC
        INSERT INTO items VALUES (item_id, category, 'item ' || item_id, quantity)
        ON CONFLICT (item_id) DO UPDATE SET quantity = excluded.quantity
        RETURNING to_json(items);
    END;
    SELECT rota.expose('put_item'::regproc, 'POST', '/items');

    -- Seven thousand bytes of JSON under as many addresses as wanted.
    CREATE FUNCTION page(number integer) RETURNS json STABLE LANGUAGE sql
    BEGIN ATOMIC
        SELECT json_build_object(
            'number', number,
            'items', (SELECT json_agg(found) FROM (SELECT * FROM items ORDER BY items.item_id LIMIT 104) AS found)
        );
    END;
    SELECT rota.expose('page'::regproc, 'GET', '/pages/{number}');";

/// Measures everything about the cache.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &Organisation { employees: 100, weeks: 1 })?;
    let session = fixture.session().await?;
    session.batch_execute(ITEMS_SQL).await.context("making the items")?;
    hit::measure(&fixture, report).await.context("measuring hits")?;
    miss::measure(&fixture, report).await.context("measuring misses")?;
    invalidation::measure(&fixture, report).await.context("measuring invalidation")?;
    memory::measure(&fixture, report).await.context("measuring memory")?;
    mixed::measure(&fixture, report).await.context("measuring the mixed load")
}
