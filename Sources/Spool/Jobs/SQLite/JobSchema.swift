import GRDB

/// The tables of the ledger, and how older ones become the present ones.
enum JobSchema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: tables)
            for code in Job.Code.allCases {
                try database.execute(sql: "INSERT INTO tally (state, count) VALUES (?, 0)", arguments: [code.rawValue])
            }
        }
        // What version 1 recorded has no sidecars on record: its files are taken for unchanged when they are seen next.
        migrator.registerMigration("2") { database in
            try database.execute(sql: "ALTER TABLE job ADD COLUMN sidecars INTEGER")
        }
        // The number of an event is never used again, not even once all are dropped.
        migrator.registerMigration("events") { database in
            try database.execute(
                sql: """
                    CREATE TABLE event (number INTEGER PRIMARY KEY AUTOINCREMENT, document TEXT NOT NULL);
                    INSERT INTO note (name, value) VALUES ('journal', lower(hex(randomblob(6))));
                    """)
        }
        migrator.registerMigration("past results") { database in
            try database.execute(
                sql: """
                    CREATE TABLE past_result (
                        content BLOB NOT NULL, model TEXT NOT NULL, settings TEXT NOT NULL, path BLOB NOT NULL,
                        result BLOB NOT NULL, PRIMARY KEY (content, model, settings, path)
                    ) WITHOUT ROWID
                    """)
        }
        return migrator
    }

    /// The first tables.
    ///
    /// States are the numbers of `Job.Code`. `is_current` says that the result is of this content, model and settings.
    /// The tally is kept by triggers, so that counting is not a scan.
    private static let tables = """
        CREATE TABLE job (
            id INTEGER PRIMARY KEY,
            path BLOB NOT NULL UNIQUE,
            device INTEGER NOT NULL,
            inode INTEGER NOT NULL,
            size INTEGER NOT NULL,
            modified INTEGER NOT NULL,
            arrival REAL NOT NULL,
            state INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            deaths INTEGER NOT NULL DEFAULT 0,
            next_try REAL,
            reason TEXT,
            content BLOB,
            model TEXT,
            settings TEXT,
            result BLOB,
            is_current INTEGER NOT NULL DEFAULT 0,
            updated REAL NOT NULL
        );
        CREATE INDEX job_pending ON job (arrival) WHERE state <= 2;
        CREATE INDEX job_claimed ON job (state) WHERE state = 1;
        CREATE INDEX job_due ON job (next_try) WHERE state = 2;
        CREATE INDEX job_ended_badly ON job (updated) WHERE state >= 4;
        CREATE INDEX job_content ON job (content) WHERE is_current = 1;
        CREATE INDEX job_result ON job (result) WHERE result IS NOT NULL;
        CREATE TABLE tally (state INTEGER PRIMARY KEY, count INTEGER NOT NULL);
        CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
            UPDATE tally SET count = count + 1 WHERE state = NEW.state;
        END;
        CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
            UPDATE tally SET count = count - 1 WHERE state = OLD.state;
        END;
        CREATE TRIGGER job_moved AFTER UPDATE OF state ON job WHEN OLD.state <> NEW.state BEGIN
            UPDATE tally SET count = count - 1 WHERE state = OLD.state;
            UPDATE tally SET count = count + 1 WHERE state = NEW.state;
        END;
        CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
        """
}
