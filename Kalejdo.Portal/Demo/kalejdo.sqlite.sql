-- Kalejdo's own database, as the firm's other systems write it. The same tables stand in kalejdo.postgresql.sql.
-- Days are text yyyy-MM-dd, instants text yyyy-MM-dd HH:mm:ss in UTC.

-- Agreements -------------------------------------------------------------------------------------

CREATE TABLE installation_address (
  id INTEGER PRIMARY KEY,
  street TEXT NOT NULL CHECK (length(street) BETWEEN 1 AND 120),
  apartment_number TEXT,
  postal_code TEXT NOT NULL CHECK (length(postal_code) BETWEEN 5 AND 6),
  city TEXT NOT NULL
);

-- The e-mail address is not unique: one person may hold two agreements, and people mistype.
CREATE TABLE subscriber (
  id INTEGER PRIMARY KEY,
  customer_number TEXT NOT NULL UNIQUE CHECK (length(customer_number) BETWEEN 6 AND 20),
  full_name TEXT NOT NULL CHECK (length(full_name) BETWEEN 1 AND 200),
  company_name TEXT,
  organisation_number TEXT,
  contact_person TEXT,
  phone TEXT,
  email TEXT,
  email_verified_at DATETIME,
  language TEXT CHECK (language IN ('sv', 'en')),
  protected_identity BOOLEAN NOT NULL,
  created_at DATETIME NOT NULL,
  installation_address_id INTEGER REFERENCES installation_address (id) ON DELETE RESTRICT,
  CHECK ((company_name IS NULL) = (organisation_number IS NULL))
);
CREATE INDEX ix_subscriber_phone ON subscriber (phone);
CREATE INDEX ix_subscriber_email ON subscriber (lower(trim(email)));
CREATE INDEX ix_subscriber_installation_address_id ON subscriber (installation_address_id);

-- Its own address: somebody may live at one and have broadband in the summer house.
CREATE TABLE subscription (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE RESTRICT,
  installation_address_id INTEGER REFERENCES installation_address (id) ON DELETE RESTRICT,
  service TEXT NOT NULL CHECK (service IN ('tv', 'smart_home', 'broadband')),
  plan_name TEXT NOT NULL,
  starts_on DATE NOT NULL,
  ends_on DATE,
  monthly_fee NUMERIC(10,2) NOT NULL CHECK (monthly_fee >= 0),
  balance_owed NUMERIC(10,2) NOT NULL DEFAULT 0 CHECK (balance_owed >= 0),
  CHECK (ends_on IS NULL OR ends_on >= starts_on)
);
CREATE INDEX ix_subscription_subscriber_id ON subscription (subscriber_id);
CREATE INDEX ix_subscription_installation_address_id ON subscription (installation_address_id);

CREATE TABLE consent (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL CHECK (purpose IN ('viewing_recommendations', 'offers_by_email', 'offers_by_sms')),
  given_at DATETIME NOT NULL,
  withdrawn_at DATETIME,
  UNIQUE (subscriber_id, purpose),
  CHECK (withdrawn_at IS NULL OR withdrawn_at >= given_at)
);

-- Stored because the law on electronic communications asks for it; so it carries the name itself.
CREATE TABLE ip_assignment (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE NO ACTION,
  subscriber_name TEXT NOT NULL,
  ip_address TEXT NOT NULL,
  assigned_at DATETIME NOT NULL,
  released_at DATETIME
);
CREATE INDEX ix_ip_assignment_subscriber_id ON ip_assignment (subscriber_id, assigned_at);

-- TV ---------------------------------------------------------------------------------------------

CREATE TABLE device_model (
  code TEXT PRIMARY KEY NOT NULL,
  manufacturer TEXT NOT NULL,
  name TEXT NOT NULL
);

CREATE TABLE channel (
  id INTEGER PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL
);

CREATE TABLE tv_box (
  id INTEGER PRIMARY KEY,
  subscription_id INTEGER NOT NULL REFERENCES subscription (id) ON DELETE CASCADE,
  device_model_code TEXT NOT NULL REFERENCES device_model (code) ON DELETE RESTRICT,
  serial TEXT NOT NULL UNIQUE,
  box_code TEXT NOT NULL UNIQUE,
  installed_on DATE NOT NULL,
  last_seen_at DATETIME
);
CREATE INDEX ix_tv_box_subscription_id ON tv_box (subscription_id);
CREATE INDEX ix_tv_box_device_model_code ON tv_box (device_model_code);

CREATE TABLE tv_profile (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  is_own BOOLEAN NOT NULL,
  birth_year INTEGER CHECK (birth_year BETWEEN 1900 AND 2100),
  created_at DATETIME NOT NULL
);
CREATE INDEX ix_tv_profile_subscriber_id ON tv_profile (subscriber_id);
CREATE UNIQUE INDEX ux_tv_profile_own ON tv_profile (subscriber_id) WHERE is_own;

CREATE TABLE favourite (
  profile_id INTEGER NOT NULL REFERENCES tv_profile (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL REFERENCES channel (id) ON DELETE RESTRICT,
  added_at DATETIME NOT NULL,
  PRIMARY KEY (profile_id, channel_id)
);
CREATE INDEX ix_favourite_channel_id ON favourite (channel_id);

CREATE TABLE recording (
  id INTEGER PRIMARY KEY,
  profile_id INTEGER NOT NULL REFERENCES tv_profile (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL REFERENCES channel (id) ON DELETE RESTRICT,
  programme TEXT NOT NULL,
  recorded_at DATETIME NOT NULL,
  seconds INTEGER NOT NULL CHECK (seconds > 0)
);
CREATE INDEX ix_recording_profile_id ON recording (profile_id, recorded_at);
CREATE INDEX ix_recording_channel_id ON recording (channel_id);

CREATE TABLE viewing_history (
  id INTEGER PRIMARY KEY,
  profile_id INTEGER NOT NULL REFERENCES tv_profile (id) ON DELETE CASCADE,
  channel_id INTEGER NOT NULL REFERENCES channel (id) ON DELETE RESTRICT,
  programme TEXT NOT NULL,
  watched_at DATETIME NOT NULL,
  seconds INTEGER NOT NULL CHECK (seconds >= 0)
);
CREATE INDEX ix_viewing_history_profile_id ON viewing_history (profile_id, watched_at);
CREATE INDEX ix_viewing_history_channel_id ON viewing_history (channel_id);

-- Smart home -------------------------------------------------------------------------------------

CREATE TABLE smart_home (
  id INTEGER PRIMARY KEY,
  subscription_id INTEGER NOT NULL UNIQUE REFERENCES subscription (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  app_code TEXT NOT NULL UNIQUE,
  created_at DATETIME NOT NULL
);

CREATE TABLE home_member (
  id INTEGER PRIMARY KEY,
  smart_home_id INTEGER NOT NULL REFERENCES smart_home (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  is_own BOOLEAN NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'member', 'guest')),
  added_at DATETIME NOT NULL
);
CREATE INDEX ix_home_member_smart_home_id ON home_member (smart_home_id);
CREATE UNIQUE INDEX ux_home_member_own ON home_member (smart_home_id) WHERE is_own;

CREATE TABLE presence (
  id INTEGER PRIMARY KEY,
  home_member_id INTEGER NOT NULL REFERENCES home_member (id) ON DELETE CASCADE,
  arrived_at DATETIME NOT NULL,
  left_at DATETIME,
  CHECK (left_at IS NULL OR left_at >= arrived_at)
);
CREATE INDEX ix_presence_home_member_id ON presence (home_member_id, arrived_at);

CREATE TABLE device (
  id INTEGER PRIMARY KEY,
  smart_home_id INTEGER NOT NULL REFERENCES smart_home (id) ON DELETE NO ACTION,
  device_model_code TEXT NOT NULL REFERENCES device_model (code) ON DELETE RESTRICT,
  name TEXT NOT NULL,
  room TEXT,
  serial TEXT NOT NULL UNIQUE,
  added_at DATETIME NOT NULL
);
CREATE INDEX ix_device_smart_home_id ON device (smart_home_id);
CREATE INDEX ix_device_device_model_code ON device (device_model_code);

CREATE TABLE device_event (
  id INTEGER PRIMARY KEY,
  device_id INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
  event TEXT NOT NULL CHECK (event IN ('on', 'off', 'opened', 'closed', 'motion', 'reading')),
  reading TEXT,
  occurred_at DATETIME NOT NULL
);
CREATE INDEX ix_device_event_device_id ON device_event (device_id, occurred_at);

CREATE TABLE automation (
  id INTEGER PRIMARY KEY,
  smart_home_id INTEGER NOT NULL REFERENCES smart_home (id) ON DELETE CASCADE,
  trigger_device_id INTEGER REFERENCES device (id) ON DELETE NO ACTION,
  name TEXT NOT NULL,
  rule TEXT NOT NULL,
  enabled BOOLEAN NOT NULL
);
CREATE INDEX ix_automation_smart_home_id ON automation (smart_home_id);
CREATE INDEX ix_automation_trigger_device_id ON automation (trigger_device_id);

-- Game: its players need no agreement with Kalejdo --------------------------------------------------

CREATE TABLE game_player (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  email_verified_at DATETIME,
  nickname TEXT NOT NULL CHECK (length(nickname) BETWEEN 1 AND 40),
  registered_at DATETIME NOT NULL
);
CREATE INDEX ix_game_player_email ON game_player (lower(trim(email)));

CREATE TABLE game_score (
  id INTEGER PRIMARY KEY,
  player_id INTEGER NOT NULL REFERENCES game_player (id) ON DELETE CASCADE,
  level TEXT NOT NULL,
  points INTEGER NOT NULL CHECK (points >= 0),
  played_at DATETIME NOT NULL
);
CREATE INDEX ix_game_score_player_id ON game_score (player_id, played_at);

-- Support ------------------------------------------------------------------------------------------

CREATE TABLE support_ticket (
  id INTEGER PRIMARY KEY,
  ticket_number TEXT NOT NULL UNIQUE,
  subscriber_id INTEGER REFERENCES subscriber (id) ON DELETE RESTRICT,
  contact_name TEXT,
  contact_email TEXT,
  subject TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'disputed', 'closed')),
  opened_at DATETIME NOT NULL,
  closed_at DATETIME,
  CHECK ((status = 'closed') = (closed_at IS NOT NULL))
);
CREATE INDEX ix_support_ticket_subscriber_id ON support_ticket (subscriber_id);
CREATE INDEX ix_support_ticket_contact_email ON support_ticket (lower(trim(contact_email)));

CREATE TABLE support_message (
  id INTEGER PRIMARY KEY,
  ticket_id INTEGER NOT NULL REFERENCES support_ticket (id) ON DELETE NO ACTION,
  author TEXT NOT NULL CHECK (author IN ('customer', 'staff')),
  body TEXT NOT NULL,
  sent_at DATETIME NOT NULL
);
CREATE INDEX ix_support_message_ticket_id ON support_message (ticket_id, sent_at);

-- Kept without the person, to see where the network fails.
CREATE TABLE fault_report (
  id INTEGER PRIMARY KEY,
  subscription_id INTEGER REFERENCES subscription (id) ON DELETE SET NULL,
  reporter_name TEXT NOT NULL,
  reporter_phone TEXT,
  description TEXT,
  fault TEXT NOT NULL CHECK (fault IN ('no_signal', 'slow', 'picture', 'equipment')),
  reported_at DATETIME NOT NULL,
  repaired_at DATETIME
);
CREATE INDEX ix_fault_report_subscription_id ON fault_report (subscription_id);

-- Mail: a recipient needs no agreement either --------------------------------------------------------

CREATE TABLE newsletter_consent (
  email TEXT PRIMARY KEY NOT NULL,
  name TEXT,
  source TEXT NOT NULL CHECK (source IN ('website', 'shop', 'fair')),
  given_at DATETIME NOT NULL,
  confirmed_at DATETIME,
  withdrawn_at DATETIME
);
CREATE INDEX ix_newsletter_consent_email ON newsletter_consent (lower(trim(email)));

-- Invoices carry their own name and address: the books must not change when a person moves -----------

CREATE TABLE invoice (
  id INTEGER PRIMARY KEY,
  subscriber_id INTEGER NOT NULL REFERENCES subscriber (id) ON DELETE RESTRICT,
  invoice_number TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  street TEXT NOT NULL,
  postal_code TEXT NOT NULL,
  city TEXT NOT NULL,
  invoice_date DATE NOT NULL,
  due_date DATE NOT NULL,
  amount NUMERIC(10,2) NOT NULL,
  paid_amount NUMERIC(10,2) NOT NULL DEFAULT 0,
  paid_on DATE,
  CHECK (due_date >= invoice_date)
);
CREATE INDEX ix_invoice_subscriber_id ON invoice (subscriber_id, invoice_date);

CREATE TABLE invoice_line (
  invoice_id INTEGER NOT NULL REFERENCES invoice (id) ON DELETE CASCADE,
  line_number INTEGER NOT NULL CHECK (line_number > 0),
  description TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  unit_price NUMERIC(10,2) NOT NULL,
  vat_percent INTEGER NOT NULL CHECK (vat_percent IN (0, 6, 12, 25)),
  amount NUMERIC(10,2) NOT NULL,
  PRIMARY KEY (invoice_id, line_number)
);

-- Identifies nobody: counted per day, model and firmware -----------------------------------------------

CREATE TABLE telemetry (
  day DATE NOT NULL,
  model TEXT NOT NULL,
  firmware TEXT NOT NULL,
  boxes_started INTEGER NOT NULL,
  restarts INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  PRIMARY KEY (day, model, firmware)
);
