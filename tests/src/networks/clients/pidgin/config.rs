//! Pidgin's files: one account, one contact, the OTR plugin loaded.

use super::super::client::{OURS, THEIRS};
use super::super::home::Home;
use crate::interop::Failure;
use crate::networks::BOB;

/// The OTR plugin.
pub(in super::super) const PLUGIN: &str = "/usr/lib/pidgin/pidgin-otr.so";

/// Writes them.
pub(super) fn write(home: &Home, port: u16) -> Result<(), Failure> {
    home.write(".purple/accounts.xml", &accounts(port))?;
    home.write(".purple/blist.xml", &contacts())?;
    home.write(".purple/prefs.xml", &PREFERENCES.replace("PLUGIN", PLUGIN))
}

fn accounts(port: u16) -> String {
    let password = BOB.password;
    format!(
        "<?xml version='1.0' encoding='UTF-8' ?>
<account version='1.0'>
 <account>
  <protocol>prpl-jabber</protocol>
  <name>{THEIRS}@localhost/pidgin</name>
  <password>{password}</password>
  <settings>
   <setting name='connection_security' type='string'>opportunistic_tls</setting>
   <setting name='auth_plain_in_clear' type='bool'>1</setting>
   <setting name='connect_server' type='string'>127.0.0.1</setting>
   <setting name='port' type='int'>{port}</setting>
  </settings>
  <settings ui='gtk-gaim'>
   <setting name='auto-login' type='bool'>1</setting>
  </settings>
 </account>
</account>
"
    )
}

fn contacts() -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8' ?>
<purple version='1.0'>
 <blist>
  <group name='Buddies'>
   <contact><buddy account='{THEIRS}@localhost/pidgin' proto='prpl-jabber'><name>{OURS}@localhost</name></buddy></contact>
  </group>
 </blist>
 <privacy/>
</purple>
"
    )
}

/// What the OTR plugin has by itself, but said: used, by itself, not demanded, not logged.
const PREFERENCES: &str = "<?xml version='1.0' encoding='UTF-8' ?>
<pref version='1' name='/'>
 <pref name='OTR'>
  <pref name='enabled' type='bool' value='1'/>
  <pref name='automatic' type='bool' value='1'/>
  <pref name='onlyprivate' type='bool' value='0'/>
  <pref name='avoidloggingotr' type='bool' value='1'/>
  <pref name='showotrbutton' type='bool' value='1'/>
 </pref>
 <pref name='pidgin'>
  <pref name='plugins'>
   <pref name='loaded' type='pathlist'>
    <item value='PLUGIN'/>
   </pref>
  </pref>
  <pref name='sound'><pref name='method' type='string' value='none'/></pref>
 </pref>
 <pref name='purple'>
  <pref name='savedstatus'><pref name='startup_current_status' type='bool' value='1'/></pref>
 </pref>
</pref>
";
