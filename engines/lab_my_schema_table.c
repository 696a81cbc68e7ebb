/*
 * What the lab's database `shop` holds, as SQL text for MariaDB: the same tables as on the other
 * engine. One statement a line: the server itself reads it before it takes connections.
 */
#include "engines/lab_plan.h"
#include "banned.h"

const char lab_my_schema[] =
    "CREATE DATABASE shop;\n"
    "CREATE TABLE shop.customers (id int NOT NULL, name varchar(80) NOT NULL, email varchar(120) "
    "NOT NULL, since date NOT NULL DEFAULT curdate());\n"
    "INSERT INTO shop.customers SELECT seq, concat('customer ', seq), concat('c', seq, "
    "'@shop.example'), date '2020-01-01' + INTERVAL seq % 2000 DAY FROM "
    "shop.seq_1_to_{CUSTOMERS};\n"
    "ALTER TABLE shop.customers MODIFY id int NOT NULL AUTO_INCREMENT PRIMARY KEY, ADD UNIQUE KEY "
    "customers_email (email);\n"
    "CREATE TABLE shop.orders (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id int NOT "
    "NULL, status varchar(10) NOT NULL DEFAULT 'new', total decimal(10,2) NOT NULL COMMENT 'in "
    "euros', created_at timestamp NOT NULL DEFAULT current_timestamp(), changed_at timestamp NULL, "
    "CONSTRAINT orders_total_check CHECK (total >= 0)) COMMENT 'what customers ordered';\n"
    "INSERT INTO shop.orders (id, customer_id, status, total, created_at) SELECT seq, 1 + (seq * "
    "7919) % {CUSTOMERS}, elt(1 + seq % 4, 'new', 'paid', 'sent', 'done'), (seq % 50000) / 100, "
    "timestamp '2024-01-01 00:00:00' + INTERVAL seq MINUTE FROM shop.seq_1_to_{ROWS};\n"
    "ALTER TABLE shop.orders ADD KEY orders_customer (customer_id), ADD CONSTRAINT "
    "orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);\n"
    "CREATE TABLE shop.order_items (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id bigint "
    "NOT NULL, article varchar(40) NOT NULL, quantity int NOT NULL DEFAULT 1, CONSTRAINT "
    "order_items_quantity_check CHECK (quantity > 0));\n"
    "INSERT INTO shop.order_items SELECT seq, 1 + (seq * 5) % {ROWS}, concat('article ', seq % "
    "997), 1 + seq % 9 FROM shop.seq_1_to_{ITEMS};\n"
    "ALTER TABLE shop.order_items ADD KEY order_items_order (order_id), ADD CONSTRAINT "
    "order_items_order_fkey FOREIGN KEY (order_id) REFERENCES orders (id);\n"
    "CREATE DEFINER='root'@'localhost' TRIGGER shop.orders_changed BEFORE UPDATE ON shop.orders "
    "FOR EACH ROW SET "
    "NEW.changed_at = current_timestamp();\n"
    "CREATE DEFINER='root'@'localhost' VIEW shop.big_orders AS SELECT o.id, c.name, o.total, "
    "o.created_at FROM shop.orders o "
    "JOIN shop.customers c ON c.id = o.customer_id WHERE o.total >= 400;\n"
    "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.customers TO shop_app;\n"
    "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.orders TO shop_app;\n"
    "GRANT SELECT, INSERT, UPDATE, DELETE ON shop.order_items TO shop_app;\n"
    "GRANT SELECT ON shop.orders TO shop_ro;\n"
    "GRANT SELECT ON shop.big_orders TO shop_ro;\n"
    "ANALYZE TABLE shop.customers, shop.orders, shop.order_items;\n"
    "CREATE TABLE shop.lab_loaded (i int);\n";

const char lab_my_checklist[] =
    "CREATE TABLE shop.checklistsectionline (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "section int NOT NULL, line varchar(200) NOT NULL, done tinyint NOT NULL DEFAULT 0, KEY "
    "checklist_section (section)) COMMENT 'lines of checklists';\n"
    "INSERT INTO shop.checklistsectionline SELECT seq, seq % 997, concat('line ', seq), seq % 2 "
    "FROM shop.seq_1_to_{ROWS};\n";
